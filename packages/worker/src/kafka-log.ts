import type { LogRecord, NewEvent } from '@profile-warden/events';
import {
  DEFAULT_TOPIC,
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  checkTopic,
  partitionOf,
} from '@profile-warden/kafka';
import type { KafkaConnection, OnSignal } from '@profile-warden/kafka';
import { detailOf } from './errors.ts';
import type { OnNotice } from './notice.ts';
import type { WorkerLog } from './ports.ts';

/** Where the log is. */
export interface LogOptions {
  /** Kafka brokers, `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Base of the registry's Confluent API. */
  readonly registryUrl: string;
  /** Default `profile-leases.v1`. */
  readonly topic?: string;
  /** As the topic was created; a difference is refused. Default 6, 1 to 1,000. Decides where a profile's records lie. */
  readonly partitionCount?: number;
  /** Transport security and login, as kafkajs takes them. Default none. */
  readonly ssl?: KafkaConnection['ssl'];
  readonly sasl?: KafkaConnection['sasl'];
  /** Lines of the Kafka client. Default nowhere. */
  readonly clientLog?: KafkaConnection['log'];
  /** What happens below: a producer that was replaced, a schema that is not there yet. Default nobody. */
  readonly onSignal?: OnSignal;
}

const DEFAULT_PARTITION_COUNT = 6;

/** One producer and one consumer, without a consumer group: nothing of a worker is left behind on the broker. */
export class KafkaWorkerLog implements WorkerLog {
  readonly partitionCount: number;
  readonly #appender: KafkaAppender;
  readonly #reader: KafkaTailReader;
  readonly #registry: SchemaRegistryClient;
  readonly #notice: OnNotice;
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
    this.#notice = notice;
    // A partition that cannot be read brings no heartbeat back: its leases pause and end by their own deadlines.
    this.#reader.failed.catch((error: unknown) =>
      this.#notice({ type: 'log-unreadable', detail: detailOf(error) }),
    );
  }

  /** Rejects where the topic differs from what was configured, or the schemas are not registered. */
  static async connect(
    options: LogOptions,
    clientId: string,
    source: string,
    notice: OnNotice,
  ): Promise<KafkaWorkerLog> {
    const { brokers, registryUrl, topic = DEFAULT_TOPIC, ssl, sasl, clientLog, onSignal } = options;
    const { partitionCount = DEFAULT_PARTITION_COUNT } = options;
    const connection: KafkaConnection = {
      brokers,
      clientId,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
      ...(clientLog === undefined ? {} : { log: clientLog }),
    };
    const heard = onSignal === undefined ? {} : { onSignal };
    await checkTopic(connection, { topic, partitionCount });
    const registry = new SchemaRegistryClient({ url: registryUrl, clientId });
    try {
      const schemaIds = await registry.schemaIds();
      const schemas = new WriterSchemas(schemaIds, registry, onSignal);
      const appender = new KafkaAppender({ connection, topic, partitionCount, schemaIds, source, ...heard });
      await appender.connect();
      const reader = new KafkaTailReader({ connection, topic, partitionCount, schemas, ...heard });
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
