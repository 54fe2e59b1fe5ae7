import { requireToken } from '@profile-warden/fence';
import { freshDatabase } from '@profile-warden/testkit/parts';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { BlockingSession, FenceChange, Pool, PoolClient } from './index.ts';
import {
  databaseIncarnation,
  ensureFence,
  fenceRows,
  markRevoked,
  openPool,
  reportProgress,
  tryFences,
  waitForFence,
} from './index.ts';

let pool: Pool;
beforeAll(async () => {
  pool = openPool(await freshDatabase(), { applicationName: 'spec' });
  expect(await ensureFence(pool)).toBe('installed');
  expect(await ensureFence(pool)).toBe('present');
  const met = await databaseIncarnation(pool);
  await reportProgress(pool, [{ partition: 0, partitionCount: 1, goalOffset: 0, nextOffset: 0 }], met);
});
afterEach(() => {
  // A failed check must not leave a transaction open for the tests after it.
  for (const writer of writers.splice(0)) writer.release(true);
});
afterAll(() => pool.end());

const change = (
  profileId: string,
  token: number,
  status: FenceChange['status'],
  offset: number,
): FenceChange => ({
  profileId,
  token,
  status,
  partition: 0,
  offset,
});
const rowOf = async (profileId: string): Promise<unknown> =>
  (await fenceRows(pool, 0)).find((row) => row.profileId === profileId);

const writers: PoolClient[] = [];

async function openWrite(profileId: string, token: number): Promise<PoolClient> {
  const client = await pool.connect();
  try {
    await client.query('begin');
    await requireToken(client, { profileId, token });
    writers.push(client);
    return client;
  } catch (error) {
    client.release(true);
    throw error;
  }
}

describe('a fence target', () => {
  it('takes grants, ends and revocations of many profiles at once, in any repetition', async () => {
    const changes = [change('c', 1, 'held', 1), change('a', 3, 'ended', 2), change('b', 2, 'revoked', 3)];
    await markRevoked(
      pool,
      changes.filter(({ status }) => status === 'revoked'),
    );
    expect(await tryFences(pool, changes)).toEqual([]);
    expect(await tryFences(pool, changes)).toEqual([]);
    expect(await rowOf('c')).toEqual({ profileId: 'c', token: 1, valid: true, offset: 1, revokedToken: 0 });
    expect(await rowOf('a')).toEqual({ profileId: 'a', token: 3, valid: false, offset: 2, revokedToken: 0 });
    expect(await rowOf('b')).toEqual({ profileId: 'b', token: 2, valid: false, offset: 3, revokedToken: 2 });
  });

  it('passes over a row that a writer holds, and goes on with the others', async () => {
    await tryFences(pool, [change('held', 1, 'held', 1)]);
    const writer = await openWrite('held', 1);
    expect(await tryFences(pool, [change('held', 1, 'ended', 2), change('other', 1, 'held', 2)])).toEqual([
      'held',
    ]);
    expect(await rowOf('held')).toMatchObject({ valid: true });
    expect(await rowOf('other')).toMatchObject({ valid: true });
    await writer.query('commit');
    expect(await tryFences(pool, [change('held', 1, 'ended', 2)])).toEqual([]);
    expect(await rowOf('held')).toMatchObject({ valid: false });
  });

  it('waits a bounded time for a writer, names it, and leaves the mark to refuse new ones', async () => {
    await tryFences(pool, [change('slow', 1, 'held', 1)]);
    const writer = await openWrite('slow', 1);
    const revoked = change('slow', 1, 'revoked', 2);
    await markRevoked(pool, [revoked]);
    const named: BlockingSession[] = [];
    const startedAt = performance.now();
    const wait = {
      lockTimeoutMs: 300,
      onBlocked: (sessions: readonly BlockingSession[]) => named.push(...sessions),
    };
    expect(await waitForFence(pool, revoked, wait)).toBe(false);
    expect(performance.now() - startedAt).toBeLessThan(1_500);
    expect(named).toMatchObject([{ applicationName: 'spec' }]);
    expect(named[0]?.openMs).toBeGreaterThan(0);
    expect(await rowOf('slow')).toMatchObject({ valid: true, revokedToken: 1 });
    await expect(openWrite('slow', 1)).rejects.toMatchObject({ code: 'WD001', reason: 'revoked' });
    const waiting = waitForFence(pool, revoked, { lockTimeoutMs: 5_000 });
    await writer.query('rollback');
    expect(await waiting).toBe(true);
    expect(await rowOf('slow')).toMatchObject({ valid: false });
  });

  it('says which database it is', async () => {
    const incarnation = await databaseIncarnation(pool);
    expect(incarnation).toMatch(/^\d+:0000000[1-9A-F]:\d+:base/);
    const progress = [{ partition: 0, partitionCount: 1, goalOffset: 9, nextOffset: 9 }];
    expect(await reportProgress(pool, progress, incarnation)).toBe(incarnation);
  });

  it('keeps its pool usable after a refusal in the middle of a batch', async () => {
    await tryFences(pool, [change('five', 5, 'held', 10)]);
    await expect(
      tryFences(pool, [change('five', 4, 'held', 20), change('six', 1, 'held', 20)]),
    ).rejects.toMatchObject({
      code: '22023',
    });
    expect(await rowOf('six')).toBeUndefined();
  });
});
