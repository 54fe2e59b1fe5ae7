import { describe, expect, it } from 'vitest';
import { EVENT_TYPES, encodeEvent, schemaOf, type EventType, type NewEvent } from '@profile-warden/events';
import { writeBatch, type WrittenRecord } from './record-batch.fixture.ts';
import { readBatches } from './record-batch.ts';
import { SliceDecoder } from './slice-decoder.ts';
import { WriterSchemas } from './writer-schemas.ts';

const ids = new Map<EventType, number>(EVENT_TYPES.map((type, index) => [type, index + 1]));
const beat = (seq: number): NewEvent => ({
  id: `beat.${seq}`,
  profileId: 'p',
  event: { type: 'Heartbeat', token: 1, incarnation: 'i', seq, browser: 'reachable', loopLagMs: 0 },
});
const recordOf = (event: NewEvent, offsetDelta: number): WrittenRecord => {
  const { key, value, headers } = encodeEvent(event, { schemaIds: ids, source: 'spec' });
  const bytes = Object.fromEntries(Object.entries(headers).map(([name, text]) => [name, Buffer.from(text)]));
  return { offsetDelta, key, value, headers: bytes };
};
const sliceOf = async (records: readonly WrittenRecord[]) => ({
  batches: await readBatches(await writeBatch({ firstOffset: 1, firstMs: 1_000, records })),
  from: 0,
});
const slice = await sliceOf([1, 2, 3].map((seq) => recordOf(beat(seq), seq - 1)));

describe('decoding a slice', () => {
  it('gives one record per message, in order', async () => {
    const schemas = new WriterSchemas(ids, { schemaById: () => Promise.reject(new Error('not asked')) });
    const records = await new SliceDecoder(schemas).decode(4, slice, new AbortController().signal);
    expect(records.map(({ partition, offset, brokerMs, id }) => [partition, offset, brokerMs, id])).toEqual([
      [4, 1, 1000, 'beat.1'],
      [4, 2, 1000, 'beat.2'],
      [4, 3, 1000, 'beat.3'],
    ]);
  });

  it('waits for a schema it does not know, asks for it once, and skips nothing', async () => {
    let asked = 0;
    const schemas = new WriterSchemas(new Map(), {
      schemaById: () => {
        asked += 1;
        return asked === 1 ? Promise.reject(new Error('away')) : Promise.resolve(schemaOf('Heartbeat'));
      },
    });
    const records = await new SliceDecoder(schemas).decode(0, slice, new AbortController().signal);
    expect(records.map(({ id }) => id)).toEqual(['beat.1', 'beat.2', 'beat.3']);
    expect(asked).toBe(2);
  });

  it('gives up the wait when the partition is lost', async () => {
    const lost = new AbortController();
    const schemas = new WriterSchemas(
      new Map(),
      { schemaById: () => Promise.reject(new Error('away')) },
      () => lost.abort(),
    );
    await expect(new SliceDecoder(schemas).decode(0, slice, lost.signal)).resolves.toEqual([]);
  });

  it('rejects at an authority event that its own schema cannot read', async () => {
    const barrier = recordOf(
      {
        id: 'b',
        profileId: null,
        partition: 0,
        event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'x' },
      },
      0,
    );
    const cut = { ...barrier, value: barrier.value?.subarray(0, 6) ?? null };
    const schemas = new WriterSchemas(ids, { schemaById: () => Promise.reject(new Error('not asked')) });
    await expect(
      new SliceDecoder(schemas).decode(0, await sliceOf([cut]), new AbortController().signal),
    ).rejects.toMatchObject({ code: 'authority-event-undecodable' });
  });
});
