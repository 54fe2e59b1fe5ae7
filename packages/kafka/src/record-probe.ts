import type { LogRecord } from '@profile-warden/events';
import type { KafkaConnection } from './connection.ts';
import { LogFeed } from './log-feed.ts';
import { PartitionPump } from './partition-pump.ts';
import type { OnSignal } from './signal.ts';
import { SliceDecoder } from './slice-decoder.ts';
import { unlessAborted } from './wait.ts';
import type { WriterSchemas } from './writer-schemas.ts';

export interface RecordProbeOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemas: WriterSchemas;
  readonly onSignal?: OnSignal;
}

/** One record is wanted; the broker sends whole batches anyway. */
const BYTES_MAX = 16 * 1024;

/** Looks single records up, to tell whether the log is still the one that somebody else has read. */
export class KafkaRecordProbe {
  readonly #feed: LogFeed;
  readonly #decoder: SliceDecoder;

  constructor(options: RecordProbeOptions) {
    this.#feed = new LogFeed({ ...options, partitionBytesMax: BYTES_MAX });
    this.#decoder = new SliceDecoder(options.schemas);
  }

  /** The first committed record at or behind an offset; null where the log has none, or begins behind the offset. */
  async recordFrom(partition: number, offset: number, signal: AbortSignal): Promise<LogRecord | null> {
    const range = await this.#feed.range(partition, signal);
    if (offset < range.start || offset >= range.end) return null;
    let pump: PartitionPump | undefined;
    const found = new Promise<LogRecord | null>((resolve, reject) => {
      pump = new PartitionPump({
        feed: this.#feed,
        decoder: this.#decoder,
        partition,
        from: offset,
        deliveryMsMax: 0,
        target: {
          deliver: ([first], nextOffset) => {
            if (first !== undefined) resolve(first);
            else if (nextOffset >= range.end) resolve(null);
          },
          failed: reject,
        },
      });
    });
    try {
      return await unlessAborted(found, signal);
    } finally {
      pump?.end();
    }
  }

  /** Offset that the next record of a partition would get, uncommitted ones counted. Asks until the signal aborts. */
  async end(partition: number, signal: AbortSignal): Promise<number> {
    return (await this.#feed.range(partition, signal)).end;
  }

  async close(): Promise<void> {
    await this.#feed.stop();
  }
}
