import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readAsLibrary, writeBatch, type WrittenBatch, type WrittenRecord } from './record-batch.fixture.ts';
import { readBatches, recordsOf } from './record-batch.ts';

const bytes = fc.uint8Array({ maxLength: 40 }).map((array) => Buffer.from(array));
const blocks = fc.option(bytes, { nil: null });
const headers = fc.dictionary(
  fc.constantFrom('ce_id', 'ce_type', 'ce_source', 'ce_typo', 'x'),
  fc.oneof(bytes, fc.array(bytes, { minLength: 2, maxLength: 3 })),
);
const records = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 1, max: 3 }),
      timestampDelta: fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
      key: blocks,
      value: blocks,
      headers,
    }),
    { minLength: 1, maxLength: 6 },
  )
  .map((drawn) => {
    let offsetDelta = -1;
    return drawn.map(({ gap, ...record }): WrittenRecord => ({
      ...record,
      offsetDelta: (offsetDelta += gap),
    }));
  });
const batches = fc.array(
  fc.record({
    firstMs: fc.integer({ min: 0, max: 2 ** 41 }),
    maxMs: fc.integer({ min: 1, max: 2 ** 41 }),
    producerId: fc.integer({ min: -1, max: 2 ** 40 }),
    isTransactional: fc.boolean(),
    isControl: fc.boolean(),
    hasAppendTime: fc.boolean(),
    isGzipped: fc.boolean(),
    records,
  }),
  { minLength: 1, maxLength: 3 },
);

const written = async (
  drawn: readonly Omit<WrittenBatch, 'firstOffset'>[],
  first: number,
): Promise<Buffer> => {
  let firstOffset = first;
  const parts: Buffer[] = [];
  for (const batch of drawn) {
    parts.push(await writeBatch({ ...batch, firstOffset }));
    firstOffset += (batch.records.at(-1)?.offsetDelta ?? 0) + 1;
  }
  return Buffer.concat(parts);
};

const firstOf = (value: Buffer | readonly Buffer[] | undefined): Buffer | undefined =>
  Buffer.isBuffer(value) ? value : value?.[0];

/** Everything that readers of the log make use of, as the library reads it. */
const asLibrary = async (fetched: Buffer) =>
  (await readAsLibrary(fetched)).map((message) => ({
    offset: Number(message.offset),
    brokerMs: Number(message.timestamp),
    key: message.key,
    value: message.value,
    id: firstOf(message.headers['ce_id']),
    type: firstOf(message.headers['ce_type']),
    isControl: message.isControlRecord,
    producerId: BigInt(message.batchContext.producerId),
    isTransactional: message.batchContext.inTransaction,
  }));

const asRead = async (fetched: Buffer, from = 0) =>
  (await readBatches(fetched)).flatMap((batch) =>
    recordsOf(batch, 4, from).map(({ offset, brokerMs, key, value, headers: { ce_id, ce_type } }) => ({
      offset,
      brokerMs,
      key,
      value,
      id: ce_id,
      type: ce_type,
      isControl: batch.isControl,
      producerId: batch.producerId,
      isTransactional: batch.isTransactional,
    })),
  );

describe('batches of records', () => {
  it('are read as the library reads them, which wrote them too', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.integer({ min: 0, max: 2 ** 50 }), async (drawn, first) => {
        const fetched = await written(drawn, first);
        expect(await asRead(fetched)).toEqual(await asLibrary(fetched));
      }),
      { numRuns: 200 },
    );
  });

  it('are read as far as they are whole, wherever the fetch has cut them', async () => {
    await fc.assert(
      fc.asyncProperty(batches, fc.double({ min: 0, max: 1, noNaN: true }), async (drawn, share) => {
        const fetched = await written(drawn, 7);
        const cut = fetched.subarray(0, Math.floor(fetched.length * share));
        const whole = await asRead(fetched);
        const read = await asRead(cut);
        expect(read).toEqual(whole.slice(0, read.length));
      }),
      { numRuns: 100 },
    );
  });

  it('say where they end, and are read from an offset on', async () => {
    const fetched = await written([{ records: [0, 1, 4].map((offsetDelta) => ({ offsetDelta })) }], 100);
    const [batch] = await readBatches(fetched);
    expect([batch?.firstOffset, batch?.lastOffset, batch?.count]).toEqual([100, 104, 3]);
    expect((await asRead(fetched, 101)).map(({ offset }) => offset)).toEqual([101, 104]);
  });

  it('are refused where bytes are damaged, and never read for ever or past their end', async () => {
    const fetched = await written(
      [{ records: [0, 1].map((offsetDelta) => ({ offsetDelta, key: Buffer.from('k') })) }],
      0,
    );
    for (let at = 0; at < fetched.length; at += 1)
      for (const byte of [0x00, 0x7f, 0x80, 0xff]) {
        const damaged = Buffer.from(fetched);
        damaged[at] = byte;
        const read = await asRead(damaged).catch((error: unknown) => error);
        if (Array.isArray(read)) expect(read.length).toBeLessThanOrEqual(2);
        else expect(read).toBeInstanceOf(Error);
      }
  });

  it('of another format, or packed in a way that nobody unpacks, are unreadable', async () => {
    const fetched = await written([{ records: [{ offsetDelta: 0 }] }], 0);
    const old = Buffer.from(fetched);
    old[16] = 1;
    await expect(readBatches(old)).rejects.toMatchObject({ code: 'batch-unreadable' });
    const snappy = Buffer.from(fetched);
    snappy[22] = 2;
    await expect(readBatches(snappy)).rejects.toMatchObject({ name: 'KafkaJSNotImplemented' });
  });

  it('with an offset that a number cannot hold are refused', async () => {
    const fetched = await written([{ records: [{ offsetDelta: 0 }] }], 0);
    fetched.writeBigInt64BE(2n ** 53n, 0);
    await expect(readBatches(fetched)).rejects.toThrow('offset 9007199254740992 is not a safe integer');
  });
});
