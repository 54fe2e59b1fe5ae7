import type { LogRange, LogRecord } from '@profile-warden/events';
import type { KafkaConnection } from './connection.ts';
import { LogFeed } from './log-feed.ts';
import { PartitionPump } from './partition-pump.ts';
import { LogReadError } from './read-error.ts';
import type { OnSignal } from './signal.ts';
import { SliceDecoder } from './slice-decoder.ts';
import type { WriterSchemas } from './writer-schemas.ts';

export interface ScanOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemas: WriterSchemas;
  readonly partition: number;
  /** First offset wanted. Default: the first in the log. */
  readonly from?: number;
  /**
   * First offset not wanted any more. Default: behind everything there when the scan starts. The scan waits for
   * transactions open at that moment, 20 s at most if their writer is dead. Not the last stable offset: that may
   * lie before a transaction whose commit its writer has been told of already.
   */
  readonly to?: number;
  readonly onRecord: (record: LogRecord) => void;
  /** Ms without progress after which the scan fails. Default 30,000. */
  readonly stalledMsMax?: number;
  readonly signal?: AbortSignal;
  readonly onSignal?: OnSignal;
}

export interface ScanResult {
  readonly range: LogRange;
  /** Position behind the scan, markers included. */
  readonly nextOffset: number;
  readonly recordCount: number;
}

/** Start and end of a partition, as of now. */
export async function rangeOf(
  options: Pick<ScanOptions, 'connection' | 'topic' | 'partitionCount' | 'partition' | 'signal'>,
): Promise<LogRange> {
  const feed = new LogFeed(options);
  try {
    return await feed.range(options.partition, options.signal);
  } finally {
    await feed.stop();
  }
}

/** Reads one partition from an offset to another and is done. Trailing transaction markers count as read. */
export async function readPartition(options: ScanOptions): Promise<ScanResult> {
  const { partition, schemas, onRecord, stalledMsMax = 30_000 } = options;
  const feed = new LogFeed(options);
  const stalled = new AbortController();
  const watch = setTimeout(
    () =>
      stalled.abort(
        new LogReadError('scan-stalled', `partition ${partition}: ${stalledMsMax} ms without progress`),
      ),
    stalledMsMax,
  );
  const signal =
    options.signal === undefined ? stalled.signal : AbortSignal.any([stalled.signal, options.signal]);
  let pump: PartitionPump | undefined;
  try {
    const range = await feed.range(partition, signal);
    const from = options.from ?? range.start;
    const to = options.to ?? range.end;
    if (from < range.start)
      throw new LogReadError('log-start-beyond-position', `the log begins at ${range.start}, not at ${from}`);
    let recordCount = 0;
    let nextOffset = from;
    if (from < to)
      await new Promise<void>((resolve, reject) => {
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true });
        pump = new PartitionPump({
          feed,
          decoder: new SliceDecoder(schemas),
          partition,
          from,
          deliveryMsMax: 0,
          target: {
            deliver(records, position) {
              watch.refresh();
              for (const record of records) {
                if (record.offset >= to) break;
                onRecord(record);
                recordCount += 1;
              }
              nextOffset = Math.min(position, to);
              if (position >= to) resolve();
            },
            failed: reject,
          },
        });
      });
    return { range, nextOffset, recordCount };
  } finally {
    clearTimeout(watch);
    pump?.end();
    await feed.stop();
  }
}
