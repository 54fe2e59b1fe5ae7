import { describe, expect, it } from 'vitest';
import { committedSlice, safeOffset } from './committed.ts';
import { writeBatch, type WrittenBatch } from './record-batch.fixture.ts';
import { readBatches, recordsOf } from './record-batch.ts';

const PRODUCERS: Readonly<Record<string, number>> = { a: 1, A: 2, B: 3 };

/** A batch of its own for each record. */
const message = (offset: number, producer: string, key: Buffer | null = null): WrittenBatch => ({
  firstOffset: offset,
  producerId: PRODUCERS[producer] ?? -1,
  isTransactional: true,
  records: [{ offsetDelta: 0, key }],
});
const marker = (offset: number, producer: string, type: 0 | 1): WrittenBatch => ({
  ...message(offset, producer, Buffer.from([0, 0, 0, type])),
  isControl: true,
});

const visible = async (
  log: readonly WrittenBatch[],
  aborted: readonly [producer: string, firstOffset: number][] = [],
  from = 0,
): Promise<{ offsets: number[]; nextOffset: number }> => {
  const bytes = Buffer.concat(await Promise.all(log.map(writeBatch)));
  const abortedTransactions = aborted.map(([producer, firstOffset]) => ({
    producerId: BigInt(PRODUCERS[producer] ?? -1),
    firstOffset,
  }));
  const slice = committedSlice({ batches: await readBatches(bytes), abortedTransactions }, from);
  const offsets = slice.batches.flatMap((batch) =>
    recordsOf(batch, 0, slice.from).map(({ offset }) => offset),
  );
  return { offsets, nextOffset: slice.nextOffset };
};

describe('what a reader of committed data sees', () => {
  it('passes markers without showing them, also where nothing else was fetched', async () => {
    expect(await visible([message(0, 'a'), marker(1, 'a', 1)])).toEqual({ offsets: [0], nextOffset: 2 });
    expect(await visible([marker(7, 'a', 1)], [], 7)).toEqual({ offsets: [], nextOffset: 8 });
    expect(await visible([], [], 7)).toEqual({ offsets: [], nextOffset: 7 });
  });

  it('hides two overlapping aborted transactions, listed by the broker in the order they ended', async () => {
    const log = [
      message(10, 'A'),
      message(11, 'B'),
      marker(12, 'B', 0),
      message(13, 'A'),
      marker(14, 'A', 0),
      message(15, 'A'),
    ];
    const { offsets } = await visible(
      log,
      [
        ['B', 11],
        ['A', 10],
      ],
      10,
    );
    expect(offsets).toEqual([15]);
  });

  it('hides both where a fetch begins inside of two aborted transactions', async () => {
    const log = [message(5, 'A'), message(6, 'B'), marker(7, 'A', 0), marker(8, 'B', 0)];
    expect(
      await visible(
        log,
        [
          ['A', 1],
          ['B', 2],
        ],
        5,
      ),
    ).toEqual({ offsets: [], nextOffset: 9 });
  });

  it('is not ended by a record whose key looks like an abort marker', async () => {
    const log = [
      message(0, 'A', Buffer.from([0, 0, 0, 0])),
      message(1, 'A'),
      marker(2, 'A', 0),
      message(3, 'A', Buffer.from([0, 0, 0, 0])),
    ];
    expect((await visible(log, [['A', 0]])).offsets).toEqual([3]);
  });

  it('shows records outside of transactions of a producer that has aborted one', async () => {
    const plain = { ...message(1, 'A'), isTransactional: false };
    const { offsets } = await visible([message(0, 'A'), plain, marker(2, 'A', 0)], [['A', 0]]);
    expect(offsets).toEqual([1]);
  });

  it('leaves out what lies before the position, as the front of a compressed batch does', async () => {
    const packed = { ...message(3, 'a'), records: [0, 1, 2].map((offsetDelta) => ({ offsetDelta })) };
    expect(await visible([packed], [], 5)).toEqual({ offsets: [5], nextOffset: 6 });
  });

  it('refuses an offset that a number cannot hold', () => {
    expect(() => safeOffset('9007199254740993')).toThrow(RangeError);
  });
});
