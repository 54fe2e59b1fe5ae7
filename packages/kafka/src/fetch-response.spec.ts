import { createRequire } from 'node:module';
import { describe, expect, it } from 'vitest';
import { decodeFetch } from './fetch-response.ts';
import { recordsOf } from './record-batch.ts';
import { writeBatch } from './record-batch.fixture.ts';

interface LibraryPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  readonly abortedTransactions: readonly { readonly producerId: string; readonly firstOffset: string }[];
  readonly messages: readonly { readonly offset: string }[];
}

const library = createRequire(import.meta.url)('kafkajs/src/protocol/requests/fetch/v11/response.js') as {
  decode: (answer: Buffer) => Promise<{
    readonly errorCode: number;
    readonly clientSideThrottleTime: number;
    readonly responses: readonly {
      readonly topicName: string;
      readonly partitions: readonly LibraryPartition[];
    }[];
  }>;
};

const int16 = (value: number): Buffer => {
  const bytes = Buffer.alloc(2);
  bytes.writeInt16BE(value);
  return bytes;
};
const int32 = (value: number): Buffer => {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32BE(value);
  return bytes;
};
const int64 = (value: number): Buffer => {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64BE(BigInt(value));
  return bytes;
};

interface Written {
  readonly partition: number;
  readonly errorCode?: number;
  readonly high?: number;
  /** Null: the broker names no list at all. */
  readonly aborted?: readonly [producerId: number, firstOffset: number][] | null;
  readonly records?: Buffer;
}

const partitionBytes = ({ partition, errorCode = 0, high = 9, aborted = null, records }: Written): Buffer =>
  Buffer.concat([
    ...[int32(partition), int16(errorCode), int64(high), int64(high - 1), int64(0)],
    int32(aborted?.length ?? -1),
    ...(aborted ?? []).flatMap(([producerId, firstOffset]) => [int64(producerId), int64(firstOffset)]),
    int32(-1),
    int32(records?.length ?? -1),
    records ?? Buffer.alloc(0),
  ]);

const answer = (throttleMs: number, topics: Readonly<Record<string, readonly Written[]>>): Buffer => {
  const names = Object.keys(topics);
  return Buffer.concat([
    ...[int32(throttleMs), int16(0), int32(7), int32(names.length)],
    ...names.flatMap((name) => {
      const partitions = topics[name] ?? [];
      return [
        int16(name.length),
        Buffer.from(name),
        int32(partitions.length),
        ...partitions.map(partitionBytes),
      ];
    }),
  ]);
};

describe('an answer to a fetch', () => {
  it('is read as the library reads it', async () => {
    const batch = (firstOffset: number): Promise<Buffer> =>
      writeBatch({ firstOffset, records: [0, 1].map((offsetDelta) => ({ offsetDelta })) });
    const bytes = answer(30, {
      leases: [
        {
          partition: 3,
          aborted: [
            [4, 5],
            [6, 2 ** 40],
          ],
          records: Buffer.concat([await batch(5), await batch(7)]),
        },
        { partition: 1, high: 0 },
        { partition: 2, errorCode: 6, high: -1, aborted: [] },
      ],
      other: [],
    });
    const [theirs, ours] = [await library.decode(bytes), await decodeFetch(bytes)];
    expect([ours.errorCode, ours.clientSideThrottleTime]).toEqual([theirs.errorCode, 30]);
    expect(ours.responses.map(({ topicName }) => topicName)).toEqual(['leases', 'other']);
    const asNumbers = theirs.responses.flatMap(({ partitions }) =>
      partitions.map((one) => ({
        partition: one.partition,
        errorCode: one.errorCode,
        highWatermark: Number(one.highWatermark),
        lastStableOffset: Number(one.lastStableOffset),
        abortedTransactions: one.abortedTransactions.map(({ producerId, firstOffset }) => ({
          producerId: BigInt(producerId),
          firstOffset: Number(firstOffset),
        })),
        offsets: one.messages.map(({ offset }) => Number(offset)),
      })),
    );
    const asRead = ours.responses.flatMap(({ partitions }) =>
      partitions.map(({ batches, ...one }) => ({
        ...one,
        offsets: batches.flatMap((read) => recordsOf(read, 0, 0).map(({ offset }) => offset)),
      })),
    );
    expect(asRead).toEqual(asNumbers);
    expect(asRead[0]?.offsets).toEqual([5, 6, 7, 8]);
  });

  it('that is cut short is an error', async () => {
    const bytes = answer(0, { leases: [{ partition: 3, aborted: [[4, 5]] }] });
    for (let length = 0; length < bytes.length; length += 1)
      await expect(decodeFetch(bytes.subarray(0, length))).rejects.toThrow(RangeError);
  });
});
