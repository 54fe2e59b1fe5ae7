import { describe, expect, it } from 'vitest';
import { committedSlice, safeOffset } from './committed.ts';
import type { FetchedMessage, FetchedPartition } from './kafkajs-internals.ts';

const message = (
  offset: number,
  producerId: string,
  options: Partial<FetchedMessage> = {},
): FetchedMessage => ({
  offset: String(offset),
  timestamp: '0',
  key: null,
  value: null,
  headers: {},
  isControlRecord: false,
  batchContext: { producerId, inTransaction: true },
  ...options,
});
const marker = (offset: number, producerId: string, type: 0 | 1): FetchedMessage =>
  message(offset, producerId, { isControlRecord: true, key: Buffer.from([0, 0, 0, type]) });

function visible(
  messages: FetchedMessage[],
  aborted: [producerId: string, firstOffset: number][] = [],
  from = 0,
): { offsets: number[]; nextOffset: number } {
  const fetched = {
    partition: 0,
    messages,
    abortedTransactions: aborted.map(([producerId, first]) => ({ producerId, firstOffset: String(first) })),
  } as unknown as FetchedPartition;
  const { messages: seen, nextOffset } = committedSlice(fetched, from);
  return { offsets: seen.map(({ offset }) => Number(offset)), nextOffset };
}

describe('what a reader of committed data sees', () => {
  it('passes markers without showing them, also where nothing else was fetched', () => {
    expect(visible([message(0, 'a'), marker(1, 'a', 1)])).toEqual({ offsets: [0], nextOffset: 2 });
    expect(visible([marker(7, 'a', 1)], [], 7)).toEqual({ offsets: [], nextOffset: 8 });
    expect(visible([], [], 7)).toEqual({ offsets: [], nextOffset: 7 });
  });

  it('hides two overlapping aborted transactions, listed by the broker in the order they ended', () => {
    const log = [
      message(10, 'A'),
      message(11, 'B'),
      marker(12, 'B', 0),
      message(13, 'A'),
      marker(14, 'A', 0),
      message(15, 'A'),
    ];
    expect(
      visible(
        log,
        [
          ['B', 11],
          ['A', 10],
        ],
        10,
      ).offsets,
    ).toEqual([15]);
  });

  it('hides both where a fetch begins inside of two aborted transactions', () => {
    const log = [message(5, 'A'), message(6, 'B'), marker(7, 'A', 0), marker(8, 'B', 0)];
    expect(
      visible(
        log,
        [
          ['A', 1],
          ['B', 2],
        ],
        5,
      ),
    ).toEqual({ offsets: [], nextOffset: 9 });
  });

  it('is not ended by a record whose key looks like an abort marker', () => {
    const log = [
      message(0, 'A', { key: Buffer.from([0, 0, 0, 0]) }),
      message(1, 'A'),
      marker(2, 'A', 0),
      message(3, 'A', { key: Buffer.from([0, 0, 0, 0]) }),
    ];
    expect(visible(log, [['A', 0]]).offsets).toEqual([3]);
  });

  it('shows records outside of transactions of a producer that has aborted one', () => {
    const plain = message(1, 'A', { batchContext: { producerId: 'A', inTransaction: false } });
    expect(visible([message(0, 'A'), plain, marker(2, 'A', 0)], [['A', 0]]).offsets).toEqual([1]);
  });

  it('leaves out what lies before the position, as the front of a compressed batch does', () => {
    expect(visible([message(3, 'a'), message(4, 'a'), message(5, 'a')], [], 5)).toEqual({
      offsets: [5],
      nextOffset: 6,
    });
  });

  it('refuses an offset that a number cannot hold', () => {
    expect(() => safeOffset('9007199254740993')).toThrow(RangeError);
  });
});
