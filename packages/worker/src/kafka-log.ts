import type { EventType, LogRecord, NewEvent } from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  partitionOf,
} from '@profile-warden/kafka';
import type { KafkaConnection, OnSignal } from '@profile-warden/kafka';
import { detailOf } from './errors.ts';
import type { OnNotice } from './notice.ts';
import type { WorkerLog } from './ports.ts';

/** Where the log is, once that was checked. */
export interface OpenedLog {
  readonly connection: KafkaConnection;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  /** `ce_source` of all that is appended. */
  readonly source: string;
  readonly onSignal: OnSignal;
  readonly notice: OnNotice;
}

/**
 * Only a partition that is not followed yet waits for a fetch that is open; its first lease comes so much later at most.
 * Shorter waits cost more of a core than a thousand heartbeats do.
 */
const FETCH_WAIT_MS = 200;

/** One producer and one consumer, without a consumer group: nothing of a worker is left behind on the broker. */
export class KafkaWorkerLog implements WorkerLog {
  readonly partitionCount: number;
  readonly #appender: KafkaAppender;
  readonly #reader: KafkaTailReader;
  readonly #registry: SchemaRegistryClient;
  readonly #over = new AbortController();

  private constructor(
    parts: {
      readonly partitionCount: number;
      readonly appender: KafkaAppender;
      readonly reader: KafkaTailReader;
      readonly registry: SchemaRegistryClient;
    },
    notice: OnNotice,
  ) {
    this.partitionCount = parts.partitionCount;
    this.#appender = parts.appender;
    this.#reader = parts.reader;
    this.#registry = parts.registry;
    // A partition that cannot be read brings no heartbeat back: its leases pause and end by their own deadlines.
    this.#reader.failed.catch((error: unknown) =>
      notice({ type: 'log-unreadable', detail: detailOf(error) }),
    );
  }

  /** Rejects where no broker answers. */
  static async open(log: OpenedLog): Promise<KafkaWorkerLog> {
    const { connection, registryUrl, topic, partitionCount, schemaIds, source, onSignal, notice } = log;
    const registry = new SchemaRegistryClient({ url: registryUrl, clientId: connection.clientId });
    try {
      const schemas = new WriterSchemas(schemaIds, registry, onSignal);
      const appender = new KafkaAppender({
        connection,
        topic,
        partitionCount,
        schemaIds,
        source,
        onSignal,
      });
      await appender.connect();
      const reader = new KafkaTailReader({
        connection,
        topic,
        partitionCount,
        schemas,
        maxWaitMs: FETCH_WAIT_MS,
        onSignal,
      });
      return new KafkaWorkerLog({ partitionCount, appender, reader, registry }, notice);
    } catch (error) {
      registry.close();
      throw error;
    }
  }

  partitionOf(profileId: string): number {
    return partitionOf(profileId, this.partitionCount);
  }

  append(events: readonly NewEvent[]): Promise<readonly number[]> {
    return this.#appender.append(events);
  }

  onRecord(listener: (record: LogRecord) => void): void {
    this.#reader.start(listener);
  }

  follow(partition: number): Promise<{ readonly from: number }> {
    return this.#reader.follow(partition, undefined, this.#over.signal);
  }

  unfollow(partition: number): void {
    this.#reader.unfollow(partition);
  }

  async close(): Promise<void> {
    this.#over.abort();
    await Promise.all([this.#appender.close(), this.#reader.stop()]);
    this.#registry.close();
  }
}
