import pg from 'pg';
import { afterAll, beforeAll, describe, expect, expectTypeOf, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { fenceDatabase, grant, mark, raise } from './fence-database.fixture.ts';
import { Fence, fence } from './index.ts';
import type { FenceSignal, WriteRefusal } from './index.ts';

let database: FenceDatabase;
let pool: pg.Pool;
beforeAll(async () => {
  database = await fenceDatabase();
  await database.projector.query(`
    create table public.account (profile_id text primary key, balance int not null default 0);
    select warden.guard_table('public.account', 'profile_id');
  `);
  pool = new pg.Pool({ connectionString: database.url, max: 4 });
});
afterAll(async () => {
  await pool.end();
  await database[Symbol.asyncDispose]();
});

const add = (client: pg.PoolClient, profileId: string): Promise<unknown> =>
  client.query(
    `insert into public.account values ($1, 1) on conflict (profile_id) do update set balance = account.balance + 1`,
    [profileId],
  );
const balance = async (profileId: string): Promise<unknown> =>
  (
    await pool.query<{ balance: number }>('select balance from public.account where profile_id = $1', [
      profileId,
    ])
  ).rows[0]?.balance;

describe('a transaction under leases', () => {
  it('commits what the work did, with the client of the driver', async () => {
    await grant(database.projector, 'plain', 1, 1);
    const result = await fence.transaction(pool, { profileId: 'plain', token: 1 }, async (client) => {
      expectTypeOf(client).toEqualTypeOf<pg.PoolClient>();
      await add(client, 'plain');
      return 'done';
    });
    expect(result).toBe('done');
    expect(await balance('plain')).toBe(1);
    expect(pool.idleCount).toBe(pool.totalCount);
  });

  it.each(['while its work does something else', 'in a query of its work'])(
    'rejects where its connection breaks %s, and the process goes on',
    async (when) => {
      const profileId = `broken ${when}`;
      await grant(database.projector, profileId, 1, 1);
      const writing = fence.transaction(pool, { profileId, token: 1 }, async (client) => {
        await add(client, profileId);
        const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
        const end = database.projector.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
        if (when.includes('query')) await client.query('select pg_sleep(5)');
        await end;
        await new Promise((resolve) => setTimeout(resolve, 100));
      });
      await expect(writing).rejects.toThrow(/terminat|closed|not queryable/);
      expect(await balance(profileId)).toBeUndefined();
    },
  );

  it('waits for a lease that is on its way to the database', async () => {
    await grant(database.projector, 'coming', 1, 1);
    const attempts: FenceSignal[] = [];
    const patient = new Fence({ onSignal: (signal) => attempts.push(signal) });
    const writing = patient.transaction(pool, { profileId: 'coming', token: 2 }, (client) =>
      add(client, 'coming'),
    );
    await new Promise((resolve) => setTimeout(resolve, 120));
    await grant(database.projector, 'coming', 2, 2);
    await writing;
    expect(attempts.length).toBeGreaterThan(0);
    expect(await balance('coming')).toBe(1);
  });

  it.each(['repeatable read', 'serializable'] as const)(
    'under %s meets a fence raised since its snapshot by running again',
    async (isolation) => {
      const profileId = `snapshot ${isolation}`;
      await grant(database.projector, profileId, 1, 1);
      await grant(database.projector, `${profileId} too`, 1, 1);
      let attempts = 0;
      const refused = await fence
        .transaction(
          pool,
          { profileId: `${profileId} too`, token: 1 },
          async (client) => {
            attempts += 1;
            if (attempts === 1) {
              await mark(database.projector, profileId, 1, 2);
              await raise(database.projector, profileId, 1, 2);
            }
            await fence.require(client, { profileId, token: 1 });
          },
          { isolation },
        )
        .catch((error: unknown) => error);
      expect(attempts).toBe(2);
      expect(refused).toMatchObject({ kind: 'stop' });
    },
  );

  it('is stopped by a guarded table that it did not ask for', async () => {
    await grant(database.projector, 'asked', 1, 1);
    await grant(database.projector, 'forgotten', 1, 1);
    await expect(
      fence.transaction(pool, { profileId: 'asked', token: 1 }, (client) => add(client, 'forgotten')),
    ).rejects.toMatchObject({ name: 'FenceRefusedError', kind: 'unchecked', profileId: 'forgotten' });
    expect(await balance('forgotten')).toBeUndefined();
  });

  it('does not take a swallowed error for success', async () => {
    await grant(database.projector, 'swallowed', 1, 1);
    const writing = fence.transaction(pool, { profileId: 'swallowed', token: 1 }, async (client) => {
      await add(client, 'swallowed');
      await client.query('select 1/0').catch(() => undefined);
    });
    await expect(writing).rejects.toMatchObject({ code: 'swallowed-error' });
    expect(await balance('swallowed')).toBeUndefined();
  });

  it('notices a work that ends it', async () => {
    await grant(database.projector, 'early', 1, 1);
    await expect(
      fence.transaction(pool, { profileId: 'early', token: 1 }, (client) => client.query('commit')),
    ).rejects.toMatchObject({ code: 'ended-early' });
  });

  it('reports a stopped token, and not the others', async () => {
    await grant(database.projector, 'reported', 2, 1);
    const reports: WriteRefusal[] = [];
    const reporting = new Fence({
      target: 'accounts',
      attemptCountMax: 1,
      reportRefusal: (refusal) => Promise.resolve(void reports.push(refusal)),
    });
    const client = await pool.connect();
    for (const [profileId, token] of [
      ['reported', 1],
      ['reported', 3],
      ['never leased', 1],
    ] as const) {
      await reporting.transaction(pool, { profileId, token }, () => Promise.resolve()).catch(() => undefined);
      await client.query('begin');
      await reporting.require(client, { profileId, token: token + 10 }).catch(() => undefined);
      await client.query('rollback; begin');
      expect(await reporting.try(client, { profileId, token })).toMatchObject({ ok: false });
      await client.query('rollback');
    }
    client.release();
    await reporting.settled();
    expect(reports).toEqual([
      { profileId: 'reported', presentedToken: 1, knownToken: 2, target: 'accounts', sqlState: 'WD001' },
    ]);
  });
});

describe('an answer instead of an error', () => {
  it('says yes, or why not, and the transaction goes on', async () => {
    await grant(database.projector, 'tried', 2, 1);
    const client = await database.connect();
    await client.query('begin');
    expect(await fence.try(client, { profileId: 'tried', token: 2 })).toEqual({ ok: true });
    expect(
      await fence.try(client, [
        { profileId: 'tried', token: 1 },
        { profileId: 'a', token: 1 },
      ]),
    ).toMatchObject({
      ok: false,
      code: 'WD003',
      kind: 'unknown-profile',
      profileId: 'a',
      presentedToken: 1,
      knownToken: null,
    });
    expect(await fence.try(client, { profileId: 'tried', token: 1 })).toEqual({
      ok: false,
      code: 'WD001',
      kind: 'stop',
      reason: 'older',
      profileId: 'tried',
      presentedToken: 1,
      knownToken: 2,
      message: `profile 'tried', token 1: older than the current token 2`,
    });
    expect((await client.query('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await client.query('rollback');
  });
});

describe('a client outside of a transaction', () => {
  const lease = { profileId: 'outside', token: 1 };
  beforeAll(() => grant(database.projector, 'outside', 1, 1));

  /** As drivers are that do not tell how they stand. */
  const silent = (client: pg.Client) => ({
    query: (text: string, values?: unknown[]) => client.query(text, values),
  });

  it('is refused', async () => {
    const client = await database.connect();
    for (const asked of [client, silent(client)]) {
      await expect(fence.require(asked, lease)).rejects.toMatchObject({ code: 'no-transaction' });
      await expect(fence.try(asked, lease)).rejects.toMatchObject({ code: 'no-transaction' });
    }
  });

  it('is not what a client inside of one is taken for', async () => {
    const client = await database.connect();
    for (const asked of [client, silent(client)]) {
      await client.query('begin');
      await fence.require(asked, lease);
      expect(await fence.try(asked, lease)).toEqual({ ok: true });
      await client.query('savepoint s');
      await fence.require(asked, lease);
      await client.query('commit');
    }
  });
});
