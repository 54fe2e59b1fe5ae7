import { encodeEvent, type EventType, type NewEvent } from '@profile-warden/events';
import type { Message } from 'kafkajs';
import { partitionOfEvent } from './partition.ts';
import { detailOf } from './signal.ts';

export interface WriterOptions {
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  /** `ce_source`: the service or worker instance. */
  readonly source: string;
}

/** One event cannot be written, now or ever; nothing of its call was sent. */
export class EventRefusedError extends Error {
  /** Which of the events handed over. */
  readonly index: number;

  constructor(index: number, cause: unknown) {
    super(`event ${index}: ${detailOf(cause)}`, { cause });
    this.name = 'EventRefusedError';
    this.index = index;
  }
}

export interface EncodedEvent {
  readonly message: Message & { readonly partition: number };
  /** About what the event takes in a batch. */
  readonly bytes: number;
}

/** What a record costs besides key, value and headers. */
const OVERHEAD_BYTES = 64;

export function encodeAll(events: readonly NewEvent[], options: WriterOptions): EncodedEvent[] {
  return events.map((event, index) => {
    try {
      const partition = partitionOfEvent(event, options.partitionCount);
      const { key, value, headers } = encodeEvent(event, options);
      let bytes = OVERHEAD_BYTES + (key?.length ?? 0) + value.length;
      for (const name in headers) bytes += name.length + (headers[name]?.length ?? 0) + 2;
      return { message: { key, value, headers, partition }, bytes };
    } catch (error) {
      throw new EventRefusedError(index, error);
    }
  });
}

/** Stays well below what a broker takes as one batch (1 MiB unless it was changed). */
export const BATCH_BYTES_MAX = 512 * 1024;

/** How many of the leading events fit into one batch: always one, since a single event has bounded fields. */
export function leadingCount(sizes: Iterable<{ readonly bytes: number }>, countMax: number): number {
  let count = 0;
  let bytes = 0;
  for (const size of sizes) {
    bytes += size.bytes;
    if (count > 0 && (bytes > BATCH_BYTES_MAX || count >= countMax)) break;
    count += 1;
  }
  return count;
}
