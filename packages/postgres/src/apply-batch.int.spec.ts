import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  ProjectionConflictError,
  SnapshotCorruptError,
  applyBatch,
  inTransaction,
  loadCases,
  loadPosition,
  loadProfile,
  loadSnapshot,
  openReviews,
  timeline,
} from './index.ts';
import type { Batch } from './index.ts';
import type { ReadModelDatabase } from './read-model.fixture.ts';
import { archiveRow, batch, caseRow, profileRow, readModelDatabase } from './read-model.fixture.ts';

let database: ReadModelDatabase;
beforeAll(async () => {
  database = await readModelDatabase();
});
afterAll(() => database[Symbol.asyncDispose]());

const apply = (one: Batch): Promise<void> =>
  inTransaction(database.pool, (client) => applyBatch(client, one));

describe('a batch', () => {
  it('moves rows and position together', async () => {
    const [a, b] = [profileRow('a'), profileRow('b')];
    expect(await loadSnapshot(database.pool, 0)).toBeNull();
    await apply(batch(0, 5, { profiles: [a, b], archive: [archiveRow(3, 'a'), archiveRow(4, null)] }));
    const held = profileRow('a', {
      lifecycle: 'manual-review',
      token: 2 ** 52 - 1,
      state: '{ "n": "\\u0000" }',
    });
    await apply(batch(5, 9, { profiles: [held] }, [b]));
    expect((await loadPosition(database.pool, 0)).nextOffset).toBe(9);
    expect(await loadProfile(database.pool, 'a')).toEqual({
      profileId: 'a',
      partition: 0,
      lifecycle: 'manual-review',
      token: 2 ** 52 - 1,
      sinceOffset: 3,
      sinceAt: new Date(1_700_000_000_123),
      foldedOffset: 4,
      state: { n: '\0' },
    });
    const snapshot = await loadSnapshot(database.pool, 0);
    expect(snapshot).toMatchObject({
      partition: 0,
      nextOffset: 9,
      firstRecordId: 'first',
      lastRecord: { offset: 8, id: 'last' },
      state: { nextOffset: 9 },
    });
    expect(snapshot?.profiles).toHaveLength(2);
    expect(await timeline(database.pool, 'a')).toEqual([
      expect.objectContaining({
        offset: 3,
        type: 'LeaseGranted',
        eventId: 'event-3',
        body: { type: 'LeaseGranted', token: 3 },
      }),
    ]);
  });

  it('is refused and leaves nothing behind when the position is another', async () => {
    const one = (expected: number): Batch => ({
      ...batch(expected, 50, { profiles: [profileRow('late')], archive: [archiveRow(40, 'late')] }),
      partition: 7,
    });
    await expect(apply(one(3))).rejects.toThrow(ProjectionConflictError);
    await apply({ ...batch(0, 10), partition: 7 });
    await expect(apply(one(0))).rejects.toMatchObject({ code: 'projection-conflict', partition: 7 });
    await expect(apply(one(9))).rejects.toThrow(ProjectionConflictError);
    expect((await loadPosition(database.pool, 7)).nextOffset).toBe(10);
    expect(await loadProfile(database.pool, 'late')).toBeNull();
    expect(await timeline(database.pool, 'late')).toEqual([]);
  });

  it('leaves the position where it was when one of its rows cannot be written', async () => {
    await apply({ ...batch(0, 10), partition: 6 });
    const broken = profileRow('broken', { state: 'no JSON' });
    await expect(apply({ ...batch(10, 20, { profiles: [broken] }), partition: 6 })).rejects.toThrow('json');
    expect((await loadPosition(database.pool, 6)).nextOffset).toBe(10);
  });

  it('is refused where something else stands at the position it goes on from', async () => {
    const first = batch(0, 10, { profiles: [profileRow('h')] });
    await apply({ ...first, partition: 10 });
    const next = { ...batch(10, 12), partition: 10 };
    await expect(apply({ ...next, expectedHash: 'of a read model that was replaced' })).rejects.toThrow(
      ProjectionConflictError,
    );
    expect((await loadPosition(database.pool, 10)).nextOffset).toBe(10);
    await apply({ ...next, expectedHash: first.position.hash });
    expect((await loadPosition(database.pool, 10)).nextOffset).toBe(12);
  });

  it('is written by one of two projectors that race, whole', async () => {
    const writers = Array.from({ length: 4 }, (_, index) =>
      apply({ ...batch(0, 10, { profiles: [profileRow('race', { token: index + 1 })] }), partition: 8 }),
    );
    const settled = await Promise.allSettled(writers);
    expect(settled.filter(({ status }) => status === 'fulfilled')).toHaveLength(1);
    for (const one of settled)
      if (one.status === 'rejected') expect(one.reason).toBeInstanceOf(ProjectionConflictError);
    const winner = settled.findIndex(({ status }) => status === 'fulfilled');
    expect((await loadProfile(database.pool, 'race'))?.token).toBe(winner + 1);
  });

  it('takes ids and texts that PostgreSQL could not keep as they are', async () => {
    const odd = { ...archiveRow(1, 'odd'), eventId: 'a\0b', body: JSON.stringify({ note: '\0 \ud800 "\\' }) };
    await apply({ ...batch(0, 2, { archive: [odd] }), partition: 9 });
    const [event] = await timeline(database.pool, 'odd');
    expect(event).toMatchObject({ eventId: 'a\uFFFDb', body: { note: '\0 \ud800 "\\' } });
  });
});

describe('a recovery case', () => {
  it('collects evidence, decision and review over several batches', async () => {
    const write = (expected: number, change: Parameters<typeof caseRow>[1]): Promise<void> =>
      apply({ ...batch(expected, expected + 1, { cases: [caseRow('case', change)] }), partition: 20 });
    await write(0, {});
    await write(1, { cause: 'other', openedOffset: 99, evidence: '{"e":1}', evidenceOffset: 6 });
    await write(2, { decision: '{"d":1}', decidedOffset: 7 });
    await write(3, { resolved: '{"r":1}', resolvedOffset: 8 });
    expect(await loadCases(database.pool, 'case')).toEqual([
      expect.objectContaining({
        cause: 'operator',
        openedOffset: 5,
        evidence: { e: 1 },
        evidenceOffset: 6,
        decision: { d: 1 },
        decidedOffset: 7,
        resolved: { r: 1 },
        resolvedOffset: 8,
      }),
    ]);
  });

  it('is listed while it waits for a person, longest waiting first, with its newest round', async () => {
    const waiting = (id: string, sinceAt: number): ReturnType<typeof profileRow> =>
      profileRow(id, { lifecycle: 'manual-review', sinceAt });
    await apply({
      ...batch(0, 1, {
        profiles: [waiting('r2', 2_000), waiting('r1', 1_000), profileRow('r3')],
        cases: [caseRow('r1'), caseRow('r1', { round: 2 }), caseRow('r3')],
      }),
      partition: 21,
    });
    const reviews = (await openReviews(database.pool)).filter(({ profile }) => profile.partition === 21);
    expect(reviews.map((review) => [review.profile.profileId, review.case?.round])).toEqual([
      ['r1', 2],
      ['r2', undefined],
    ]);
  });
});

describe('a snapshot', () => {
  it('is read in chunks, tells how far it is, and ends between two of them when it is told to', async () => {
    const profiles = Array.from({ length: 7 }, (_, index) => profileRow(`chunk-${index}`));
    await apply({ ...batch(0, 5, { profiles }), partition: 31 });
    const told: number[] = [];
    const onProgress = (count: number): void => void told.push(count);
    const snapshot = await loadSnapshot(database.pool, 31, { chunkCount: 3, onProgress });
    expect(snapshot?.profiles).toHaveLength(7);
    expect(told).toEqual([3, 6, 7]);

    const over = new AbortController();
    const ended = loadSnapshot(database.pool, 31, {
      chunkCount: 3,
      onProgress: () => over.abort(new Error('the partition is gone')),
      signal: over.signal,
    });
    await expect(ended).rejects.toThrow('the partition is gone');
    // The connection is as good as before.
    expect((await loadSnapshot(database.pool, 31))?.profiles).toHaveLength(7);
  });

  it('is refused when a row of it was changed by hand', async () => {
    await apply({ ...batch(0, 5, { profiles: [profileRow('tampered')] }), partition: 30 });
    await database.pool.query(`update profile set state = '{}' where profile_id = 'tampered'`);
    await expect(loadSnapshot(database.pool, 30)).rejects.toThrow(SnapshotCorruptError);
  });
});
