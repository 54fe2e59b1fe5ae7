import type { FetchedPartition } from './fetch-response.ts';
import { isAbortMarker, type RecordBatch } from './record-batch.ts';

export interface CommittedSlice {
  readonly batches: readonly RecordBatch[];
  /** Records before it, as at the front of a batch, are none of the slice. */
  readonly from: number;
  /** Position behind everything fetched: transaction markers and aborted records counted. */
  readonly nextOffset: number;
}

export function safeOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new RangeError(`offset ${text} is not a safe integer`);
  return offset;
}

/**
 * What a reader of committed data may see of one fetched partition, from offset `from` on. Brokers list aborted
 * transactions in the order they ended, several may begin at or before the first record, and a user's key may look
 * like a marker: hence the sort, the inner loop and the test for a control batch.
 */
export function committedSlice(
  { batches, abortedTransactions }: Pick<FetchedPartition, 'batches' | 'abortedTransactions'>,
  from: number,
): CommittedSlice {
  const last = batches.at(-1);
  const nextOffset = Math.max(from, last === undefined ? 0 : last.lastOffset + 1);
  const waiting = abortedTransactions.toSorted((a, b) => b.firstOffset - a.firstOffset);
  const aborted = new Set<bigint>();
  const visible: RecordBatch[] = [];
  for (const batch of batches) {
    const { lastOffset, producerId } = batch;
    for (
      let next = waiting.at(-1);
      next !== undefined && next.firstOffset <= lastOffset;
      next = waiting.at(-1)
    ) {
      aborted.add(next.producerId);
      waiting.pop();
    }
    if (batch.isControl) {
      if (isAbortMarker(batch)) aborted.delete(producerId);
    } else if (lastOffset >= from && !(batch.isTransactional && aborted.has(producerId))) visible.push(batch);
  }
  return { batches: visible, from, nextOffset };
}
