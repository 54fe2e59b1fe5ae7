import type { LogRecord } from '@profile-warden/events';
import type { KafkaConnection } from './connection.ts';
import { LogFeed } from './log-feed.ts';
import { PartitionPump } from './partition-pump.ts';
import type { LogReadError } from './read-error.ts';
import type { OnSignal } from './signal.ts';
import { SliceDecoder } from './slice-decoder.ts';
import type { WriterSchemas } from './writer-schemas.ts';

export interface TailReaderOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemas: WriterSchemas;
  /** Ms a fetch without data stays open, and so the longest time until `follow` reads. Default 50. */
  readonly maxWaitMs?: number;
  readonly onSignal?: OnSignal;
}

/**
 * What is appended from now on, to the partitions that are followed at the moment. No group: nothing is left
 * behind on the broker, and a partition that is not followed costs nothing.
 *
 * *New* → `start` → *started* → `stop` → *over*. A followed partition is read until `unfollow`, `stop` or a
 * failure of it, which rejects `failed`; a broker outage only delays its records.
 */
export class KafkaTailReader {
  readonly failed: Promise<never>;
  readonly #feed: LogFeed;
  readonly #decoder: SliceDecoder;
  readonly #pumps = new Map<number, PartitionPump>();
  #handler: ((record: LogRecord) => void) | undefined;
  #reject: (error: LogReadError) => void = () => undefined;

  constructor(options: TailReaderOptions) {
    this.#feed = new LogFeed({ ...options, maxWaitMs: options.maxWaitMs ?? 50 });
    this.#decoder = new SliceDecoder(options.schemas);
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** The handler is called for each record, in log order per partition; it must not throw. */
  start(handler: (record: LogRecord) => void): void {
    if (this.#handler !== undefined) throw new Error('a tail reader starts once');
    this.#handler = handler;
  }

  /**
   * Reads the partition from `fromOffset`, or else from its end as of now, which the result names: whatever is
   * appended after it has resolved is seen. A partition followed already goes on where it is, unless an offset
   * is given. With the brokers away it waits for them; `signal` ends that.
   */
  async follow(partition: number, fromOffset?: number, signal?: AbortSignal): Promise<{ from: number }> {
    const handler = this.#handler;
    if (handler === undefined) throw new Error('start the tail reader before it follows');
    const from = fromOffset ?? (await this.#feed.range(partition, signal)).end;
    signal?.throwIfAborted();
    if (fromOffset === undefined && this.#pumps.has(partition)) return { from };
    this.unfollow(partition);
    const pump = new PartitionPump({
      feed: this.#feed,
      decoder: this.#decoder,
      partition,
      from,
      deliveryMsMax: 0,
      target: {
        deliver: (records) => {
          for (const record of records) {
            if (this.#pumps.get(partition) !== pump) return;
            handler(record);
          }
        },
        failed: (error) => {
          this.#pumps.delete(partition);
          this.#reject(error);
        },
      },
    });
    this.#pumps.set(partition, pump);
    return { from };
  }

  /** No record of the partition reaches the handler after this has returned. */
  unfollow(partition: number): void {
    this.#pumps.get(partition)?.end();
    this.#pumps.delete(partition);
  }

  async stop(): Promise<void> {
    for (const partition of [...this.#pumps.keys()]) this.unfollow(partition);
    await this.#feed.stop();
  }
}
