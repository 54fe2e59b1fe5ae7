import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { end, fenceDatabase, grant, mark, raise } from './fence-database.fixture.ts';
import { requireToken } from './index.ts';

let database: FenceDatabase;
let projector: pg.Client;

beforeAll(async () => {
  database = await fenceDatabase();
  projector = database.projector;
  await projector.query(
    'create table account (profile_id text, token bigint, at timestamptz default clock_timestamp())',
  );
});
afterAll(() => database[Symbol.asyncDispose]());

const pause = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

async function openWrite(profileId: string, token: number): Promise<pg.Client> {
  const client = await database.connect();
  await client.query('begin');
  await requireToken(client, { profileId, token });
  await client.query('insert into account (profile_id, token) values ($1, $2)', [profileId, token]);
  return client;
}

async function row(profileId: string): Promise<unknown> {
  const { rows } = await projector.query<{ token: string; valid: boolean; log_offset: string }>(
    'select token, valid, log_offset from warden.fence where profile_id = $1',
    [profileId],
  );
  const [found] = rows;
  return found && [Number(found.token), found.valid, Number(found.log_offset)];
}

describe('revoking a token', () => {
  it('refuses new writers at once while a long transaction holds the row', async () => {
    await grant(projector, 'busy', 1, 1);
    const long = await openWrite('busy', 1);
    const other = await database.connect();
    const startedAt = performance.now();
    await mark(projector, 'busy', 1, 2);
    await other.query('begin');
    await expect(requireToken(other, { profileId: 'busy', token: 1 })).rejects.toMatchObject({
      reason: 'revoked',
    });
    expect(performance.now() - startedAt).toBeLessThan(1_000);
    await other.query('rollback');
    await long.query('commit');
  });

  it('waits for the transaction that is open and no longer', async () => {
    await grant(projector, 'waits', 1, 1);
    const open = await openWrite('waits', 1);
    await mark(projector, 'waits', 1, 2);
    let raised = false;
    const raising = raise(projector, 'waits', 1, 2).then(() => (raised = true));
    await pause(300);
    expect(raised).toBe(false);
    await open.query('commit');
    const committedAt = performance.now();
    await raising;
    expect(performance.now() - committedAt).toBeLessThan(500);
    expect(await row('waits')).toEqual([1, false, 2]);
  });

  it('gives up after lock_timeout, names the writer, and can be tried again', async () => {
    await grant(projector, 'stuck', 1, 1);
    const open = await openWrite('stuck', 1);
    await mark(projector, 'stuck', 1, 2);
    await projector.query(`set lock_timeout = '400ms'`);
    const pid = (await projector.query<{ pid: number }>('select pg_backend_pid() as pid')).rows[0]?.pid;
    const raising = expect(raise(projector, 'stuck', 1, 2)).rejects.toMatchObject({ code: '55P03' });
    await pause(150);
    const watcher = await database.connect();
    const { rows } = await watcher.query<{ application_name: string; open_ms: string }>(
      'select * from warden.blocking_sessions($1)',
      [pid],
    );
    await raising;
    expect(rows).toHaveLength(1);
    expect(rows[0]?.application_name).toMatch(/^spec-\d+$/);
    expect(Number(rows[0]?.open_ms)).toBeGreaterThan(0);
    const skipped = await projector.query<{ answer: string }>(
      `select warden.raise_fence('stuck', 1, 0, 2, false) as answer`,
    );
    expect(skipped.rows[0]?.answer).toBe('locked');
    await open.query('rollback');
    await raise(projector, 'stuck', 1, 2);
    await projector.query('reset lock_timeout');
    expect(await row('stuck')).toEqual([1, false, 2]);
  });

  it('is not starved by writers that keep coming, and nothing commits after it', async () => {
    await grant(projector, 'crowd', 1, 1);
    let going = true;
    let accepted = 0;
    const writers = Array.from({ length: 8 }, async (_, index) => {
      const client = await database.connect();
      while (going) {
        await client.query('begin');
        try {
          await requireToken(client, { profileId: 'crowd', token: 1 });
          await client.query(`insert into account (profile_id, token) values ('crowd', 1)`);
          if (index < 4) await pause(100);
          await client.query('commit');
          accepted += 1;
        } catch {
          await client.query('rollback');
        }
      }
    });
    await pause(400);
    const startedAt = performance.now();
    await mark(projector, 'crowd', 1, 2);
    await raise(projector, 'crowd', 1, 2);
    const tookMs = performance.now() - startedAt;
    const atRaise = await projector.query<{ n: string }>(
      `select count(*) as n from account where profile_id = 'crowd'`,
    );
    await pause(200);
    going = false;
    await Promise.all(writers);
    const after = await projector.query<{ n: string }>(
      `select count(*) as n from account where profile_id = 'crowd'`,
    );
    expect(after.rows).toEqual(atRaise.rows);
    expect(accepted).toBeGreaterThan(0);
    expect(tookMs).toBeLessThan(600);
  });

  it('survives a crash of the server, whatever the session is set to', async () => {
    await grant(projector, 'durable', 1, 1);
    const session = await database.connect();
    const setting = async (): Promise<unknown> => (await session.query('show synchronous_commit')).rows[0];
    await session.query('set synchronous_commit = off');
    for (const move of [mark, raise]) {
      await session.query('begin');
      await move(session, 'durable', 1, 2);
      expect(await setting()).toEqual({ synchronous_commit: 'on' });
      await session.query('commit');
      expect(await setting()).toEqual({ synchronous_commit: 'off' });
    }
  });

  it('needs its mark committed first', async () => {
    await grant(projector, 'unmarked', 1, 1);
    await expect(raise(projector, 'unmarked', 1, 2)).rejects.toThrow('commit mark_revoked first');
    expect(await row('unmarked')).toEqual([1, true, 1]);
  });

  it('works for a profile that the database has not heard of', async () => {
    await mark(projector, 'unheard', 2, 7);
    await raise(projector, 'unheard', 2, 7);
    expect(await row('unheard')).toEqual([2, false, 7]);
    await grant(projector, 'unheard', 1, 3);
    expect(await row('unheard')).toEqual([2, false, 7]);
  });
});

describe('advancing the row', () => {
  it('is idempotent and monotonic by offset', async () => {
    await grant(projector, 'order', 1, 10);
    await end(projector, 'order', 1, 20);
    await grant(projector, 'order', 1, 10);
    expect(await row('order')).toEqual([1, false, 20]);
    await grant(projector, 'order', 2, 30);
    await grant(projector, 'order', 2, 30);
    await mark(projector, 'order', 1, 15);
    await raise(projector, 'order', 1, 15);
    expect(await row('order')).toEqual([2, true, 30]);
    await mark(projector, 'order', 2, 40);
    await mark(projector, 'order', 1, 50);
    await raise(projector, 'order', 2, 40);
    await raise(projector, 'order', 2, 40);
    expect(await row('order')).toEqual([2, false, 40]);
  });

  it('refuses a log in which tokens go backwards', async () => {
    await grant(projector, 'backwards', 5, 10);
    await expect(grant(projector, 'backwards', 4, 20)).rejects.toThrow('this is another log');
    expect(await row('backwards')).toEqual([5, true, 10]);
  });

  it('computes the partition of a profile as Kafka clients do', async () => {
    // Java's own test values for murmur2.
    const java = { '21': -973932308, foobar: -790332482, 'a-little-bit-long-string': -985981536 };
    const partitionCount = 1_000_000_007;
    for (const [key, hash] of Object.entries(java)) {
      const { rows } = await projector.query<{ partition: number }>(
        'select warden.partition_of($1, $2) as partition',
        [key, partitionCount],
      );
      expect(rows[0]?.partition).toBe((hash & 0x7fffffff) % partitionCount);
    }
  });
});

describe('the install', () => {
  it('lets a reader ask and see, and nobody else anything', async () => {
    const reader = await database.connect();
    await grant(projector, 'seen', 1, 1);
    await reader.query('set role warden_reader');
    await reader.query('begin');
    await requireToken(reader, { profileId: 'seen', token: 1 });
    await reader.query('commit');
    expect(
      (await reader.query(`select valid from warden.fence_state where profile_id = 'seen'`)).rows,
    ).toEqual([{ valid: true }]);
    for (const forbidden of [
      'select * from warden.fence',
      'delete from warden.revocation',
      `select warden.mark_revoked('seen', 1, 1)`,
      `select warden.advance_fence('seen', 9, true, 0, 99)`,
      'select warden.report_progress(0, 1, 0, 0)',
    ])
      await expect(reader.query(forbidden)).rejects.toMatchObject({ code: '42501' });
    await reader.query('reset role');
    await reader.query('create role fence_stranger');
    await reader.query('set role fence_stranger');
    await expect(reader.query(`select warden.require_token('seen', 1)`)).rejects.toMatchObject({
      code: '42501',
    });
    await reader.query('reset role');
    await reader.query('drop role fence_stranger');
  });
});
