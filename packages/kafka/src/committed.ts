import type { FetchedMessage, FetchedPartition } from './kafkajs-internals.ts';

export interface CommittedSlice {
  readonly messages: readonly FetchedMessage[];
  /** Position behind everything fetched: transaction markers and aborted records counted. */
  readonly nextOffset: number;
}

const ABORT = 0;

/** Type of a control record: the second int16 of its key. */
const isAbortMarker = (message: FetchedMessage): boolean =>
  message.key !== null && message.key.length >= 4 && message.key.readInt16BE(2) === ABORT;

export function safeOffset(text: string): number {
  const offset = Number(text);
  if (!Number.isSafeInteger(offset)) throw new RangeError(`offset ${text} is not a safe integer`);
  return offset;
}

/**
 * What a reader of committed data may see of one fetched partition, from offset `from` on. Brokers list aborted
 * transactions in the order they ended, several may begin at or before the first record, and a user's key may look
 * like a marker: hence the sort, the inner loop and the test for a control record.
 */
export function committedSlice(fetched: FetchedPartition, from: number): CommittedSlice {
  const { messages } = fetched;
  const last = messages.at(-1);
  if (last === undefined) return { messages, nextOffset: from };
  const nextOffset = Math.max(from, safeOffset(last.offset) + 1);
  const waiting = (fetched.abortedTransactions ?? []).map(({ producerId, firstOffset }) => ({
    producerId,
    firstOffset: safeOffset(firstOffset),
  }));
  waiting.sort((a, b) => b.firstOffset - a.firstOffset);
  const aborted = new Set<string>();

  const visible: FetchedMessage[] = [];
  for (const message of messages) {
    const offset = Number(message.offset);
    for (let next = waiting.at(-1); next !== undefined && next.firstOffset <= offset; next = waiting.at(-1)) {
      aborted.add(next.producerId);
      waiting.pop();
    }
    const { producerId, inTransaction } = message.batchContext;
    if (message.isControlRecord) {
      if (isAbortMarker(message)) aborted.delete(producerId);
    } else if (offset >= from && !(inTransaction && aborted.has(producerId))) visible.push(message);
  }
  return { messages: visible, nextOffset };
}
