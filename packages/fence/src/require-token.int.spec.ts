import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { end, fenceDatabase, grant, mark, raise } from './fence-database.fixture.ts';
import { FenceRefusedError, FenceUsageError, requireToken } from './index.ts';
import type { LeaseToken } from './index.ts';

let database: FenceDatabase;
let writer: pg.Client;

beforeAll(async () => {
  database = await fenceDatabase();
  writer = await database.connect();
});
afterAll(() => database[Symbol.asyncDispose]());

async function ask(options: LeaseToken, client = writer): Promise<'accepted' | FenceRefusedError> {
  await client.query('begin');
  try {
    await requireToken(client, options);
    return 'accepted';
  } catch (error) {
    if (error instanceof FenceRefusedError) return error;
    throw error;
  } finally {
    await client.query('rollback');
  }
}

describe('a token that is asked for', () => {
  it('is accepted while its lease lasts', async () => {
    await grant(database.projector, 'held', 3, 10);
    expect(await ask({ profileId: 'held', token: 3 })).toBe('accepted');
    expect(await ask({ profileId: 'held', token: 3, seenOffset: 10 })).toBe('accepted');
  });

  it('is stopped for good when it is older, ended or revoked', async () => {
    await grant(database.projector, 'stop', 3, 10);
    expect(await ask({ profileId: 'stop', token: 2 })).toMatchObject({
      code: 'WD001',
      kind: 'stop',
      reason: 'older',
      profileId: 'stop',
      presentedToken: 2,
      knownToken: 3,
    });
    await end(database.projector, 'stop', 3, 11);
    expect(await ask({ profileId: 'stop', token: 3 })).toMatchObject({ code: 'WD001', reason: 'ended' });
    await mark(database.projector, 'stop', 4, 12);
    expect(await ask({ profileId: 'stop', token: 4 })).toMatchObject({ code: 'WD001', reason: 'revoked' });
  });

  it('is to be retried when it is newer than the row', async () => {
    await grant(database.projector, 'newer', 3, 10);
    expect(await ask({ profileId: 'newer', token: 4 })).toMatchObject({
      code: 'WD002',
      kind: 'retry',
      reason: 'newer',
      presentedToken: 4,
      knownToken: 3,
    });
  });

  it('is to be retried while the database is behind what the caller has seen', async () => {
    await grant(database.projector, 'behind', 3, 10);
    expect(await ask({ profileId: 'behind', token: 3, seenOffset: 20 })).toMatchObject({
      code: 'WD002',
      reason: 'behind',
    });
    expect(await ask({ profileId: 'never heard of', token: 1, seenOffset: 20 })).toMatchObject({
      code: 'WD002',
      reason: 'behind',
      knownToken: null,
    });
    await database.projector.query('select warden.report_progress(0, 1, 0, 21)');
    expect(await ask({ profileId: 'behind', token: 3, seenOffset: 20 })).toBe('accepted');
    expect(await ask({ profileId: 'never heard of', token: 1, seenOffset: 20 })).toMatchObject({
      code: 'WD003',
    });
  });

  it('names a profile that never had a lease', async () => {
    const refusal = await ask({ profileId: "o'brien", token: 1 });
    expect(refusal).toMatchObject({ code: 'WD003', kind: 'unknown-profile', knownToken: null });
    expect(String(refusal)).toContain("profile 'o''brien', token 1: unknown profile. Check the profile id");
  });

  it('keeps the largest token exact', async () => {
    await grant(database.projector, 'large', 2 ** 52 - 1, 10);
    expect(await ask({ profileId: 'large', token: 2 ** 52 - 1 })).toBe('accepted');
    expect(await ask({ profileId: 'large', token: 2 ** 52 - 2 })).toMatchObject({ knownToken: 2 ** 52 - 1 });
  });
});

describe('a database that is not the confirmed one', () => {
  it('answers retry until every partition has reached the end of the log seen at its start', async () => {
    await using fresh = await fenceDatabase({ caughtUp: false });
    const client = await fresh.connect();
    await grant(fresh.projector, 'p', 1, 5);
    const report = (partition: number, next: number): Promise<unknown> =>
      fresh.projector.query('select warden.report_progress($1, 2, 100, $2)', [partition, next]);
    expect(await ask({ profileId: 'p', token: 1 }, client)).toMatchObject({
      code: 'WD002',
      reason: 'not-caught-up',
    });
    expect(await ask({ profileId: 'q', token: 1 }, client)).toMatchObject({ code: 'WD002' });
    await report(0, 100);
    await report(1, 99);
    expect(await ask({ profileId: 'p', token: 1 }, client)).toMatchObject({ code: 'WD002' });
    await report(1, 100);
    expect(await ask({ profileId: 'p', token: 1 }, client)).toBe('accepted');
    expect(await ask({ profileId: 'q', token: 1 }, client)).toMatchObject({ code: 'WD003' });
  });

  it('answers retry after a restore or failover, yet goes on to stop what is dead for good', async () => {
    await using moved = await fenceDatabase();
    const client = await moved.connect();
    await grant(moved.projector, 'p', 2, 5);
    await moved.projector.query(`update warden.database set confirmed_identity = '1:00000001'`);
    await moved.projector.query(`update warden.progress set identity = '1:00000001', next_offset = 500`);
    expect(await ask({ profileId: 'p', token: 2 }, client)).toMatchObject({
      code: 'WD002',
      reason: 'other-database',
    });
    expect(await ask({ profileId: 'p', token: 1 }, client)).toMatchObject({ code: 'WD001' });
    // The goal and the position start afresh: what the former database had reached counts for nothing.
    await moved.projector.query('select warden.report_progress(0, 1, 9, 8)');
    expect(await ask({ profileId: 'p', token: 2 }, client)).toMatchObject({ code: 'WD002' });
    await moved.projector.query('select warden.report_progress(0, 1, 50, 9)');
    expect(await ask({ profileId: 'p', token: 2 }, client)).toBe('accepted');
  });

  it('refuses a log with another number of partitions', async () => {
    await expect(database.projector.query('select warden.report_progress(0, 2, 0, 0)')).rejects.toThrow(
      'a log of 1 partitions, not 2',
    );
  });
});

describe('a call that could not protect anything', () => {
  it('is refused on a bare pool', async () => {
    const pool = new pg.Pool({ connectionString: database.url });
    await expect(requireToken(pool, { profileId: 'p', token: 1 })).rejects.toMatchObject({
      code: 'bare-pool',
    });
    await pool.end();
  });

  it('is refused outside a transaction', async () => {
    await grant(database.projector, 'alone', 1, 1);
    await expect(requireToken(writer, { profileId: 'alone', token: 1 })).rejects.toMatchObject({
      code: 'no-transaction',
    });
  });

  it.each([
    ['empty profile id', { profileId: '', token: 1 }, 'bad-profile-id'],
    ['long profile id', { profileId: 'x'.repeat(129), token: 1 }, 'bad-profile-id'],
    ['NUL in the profile id', { profileId: 'a\0b', token: 1 }, 'bad-profile-id'],
    ['token 0', { profileId: 'p', token: 0 }, 'bad-token'],
    ['negative token', { profileId: 'p', token: -1 }, 'bad-token'],
    ['token 2^52', { profileId: 'p', token: 2 ** 52 }, 'bad-token'],
    ['broken token', { profileId: 'p', token: 1.5 }, 'bad-token'],
    ['no number', { profileId: 'p', token: Number.NaN }, 'bad-token'],
    ['negative offset', { profileId: 'p', token: 1, seenOffset: -1 }, 'bad-seen-offset'],
  ])('is refused before asking: %s', async (_name, options, code) => {
    const untouched = { query: () => Promise.reject(new Error('asked')) };
    const refusal = await requireToken(untouched, options).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(FenceUsageError);
    expect(refusal).toMatchObject({ code });
  });

  it('is refused by the database as well, for callers in other languages', async () => {
    for (const call of [
      `'', 1`,
      `null, 1`,
      `repeat('x', 129), 1`,
      `'p', 0`,
      `'p', null`,
      `'p', 4503599627370496`,
      `'p', 1, -1`,
    ])
      await expect(writer.query(`select warden.require_token(${call})`)).rejects.toMatchObject({
        code: '22023',
      });
  });

  it('passes other errors of the database on as they are', async () => {
    await writer.query('begin');
    await expect(writer.query('select 1/0')).rejects.toThrow();
    await expect(requireToken(writer, { profileId: 'p', token: 1 })).rejects.toMatchObject({ code: '25P02' });
    await writer.query('rollback');
  });

  it('fails with 40001 under REPEATABLE READ when the fence was raised since the snapshot', async () => {
    await grant(database.projector, 'snapshot', 1, 1);
    await writer.query('begin isolation level repeatable read');
    await writer.query('select 1 from warden.fence_state');
    await mark(database.projector, 'snapshot', 1, 2);
    await raise(database.projector, 'snapshot', 1, 2);
    await expect(requireToken(writer, { profileId: 'snapshot', token: 1 })).rejects.toMatchObject({
      code: '40001',
    });
    await writer.query('rollback');
  });
});
