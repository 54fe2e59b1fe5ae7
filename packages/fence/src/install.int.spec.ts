import { readFile } from 'node:fs/promises';
import { freshDatabase } from '@profile-warden/testkit/parts';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { fenceDatabase, grant } from './fence-database.fixture.ts';
import { FENCE_VERSION, installFence, installedFence } from './index.ts';

it('installs once, also when several do it at the same time, and keeps what is there', async () => {
  const url = await freshDatabase();
  const clients = await Promise.all(
    Array.from({ length: 4 }, async () => {
      const client = new pg.Client({ connectionString: url });
      await client.connect();
      return client;
    }),
  );
  const [first] = clients;
  if (first === undefined) throw new Error('no client');
  expect(await installedFence(first)).toBeNull();
  await Promise.all(clients.map(installFence));
  await grant(first, 'kept', 1, 1);
  await installFence(first);
  expect((await first.query('select profile_id from warden.fence')).rows).toEqual([{ profile_id: 'kept' }]);
  expect(await installedFence(first)).toBe(FENCE_VERSION);
  await Promise.all(clients.map((client) => client.end()));
});

it('leaves the client usable when it may not install', async () => {
  await using database = await fenceDatabase();
  const client = await database.connect();
  await client.query('set role warden_projector');
  await expect(installFence(client)).rejects.toMatchObject({ code: '42501' });
  expect(await installedFence(client)).toBe(FENCE_VERSION);
});

it('refuses a bare pool', async () => {
  const pool = new pg.Pool({ connectionString: 'postgres://nowhere' });
  await expect(installFence(pool)).rejects.toMatchObject({ code: 'bare-pool' });
  await pool.end();
});

const olderFence = async (version: number): Promise<pg.Client> => {
  const client = new pg.Client({ connectionString: await freshDatabase() });
  await client.connect();
  const sql = await readFile(new URL(`../upgrade/version-${version}.sql`, import.meta.url), 'utf8');
  await client.query(`begin; ${sql}; commit`);
  return client;
};

describe.each([1, 2])('over version %i', (version) => {
  it('is its upgrade: rows stay, what became obsolete goes, and both answer the same', async () => {
    const client = await olderFence(version);
    await client.query('select warden.report_progress(0, 1, 0, 0)');
    await grant(client, 'kept', 7, 3);
    expect(await installedFence(client)).toBe(version);
    await installFence(client);
    expect(await installedFence(client)).toBe(FENCE_VERSION);
    const asked = (token: number): Promise<unknown> =>
      client
        .query(`select ok, sqlstate, reason from warden.try_token('kept', ${token})`)
        .then(({ rows }) => rows[0] as unknown);
    expect(await asked(6)).toEqual({ ok: false, sqlstate: 'WD001', reason: 'older' });
    if (version === 1) {
      // It knew the database by less: it is confirmed anew.
      expect(await asked(7)).toEqual({ ok: false, sqlstate: 'WD002', reason: 'other-database' });
      await client.query('select warden.report_progress(0, 1, 4, 4)');
    }
    expect(await asked(7)).toEqual({ ok: true, sqlstate: null, reason: null });
    await client.end();
  });

  it('ends with the same functions, tables and rights as a new one', async () => {
    const [upgraded, fresh] = [
      await olderFence(version),
      new pg.Client({ connectionString: await freshDatabase() }),
    ];
    await fresh.connect();
    await installFence(upgraded);
    await installFence(fresh);
    const shape = (client: pg.Client): Promise<unknown> =>
      client
        .query(
          `select proname as name, pg_get_functiondef(oid) as text, proacl::text as acl from pg_proc
           where pronamespace = 'warden'::regnamespace
           union all
           select relname, (select string_agg(attname || ' ' || format_type(atttypid, atttypmod), ', ' order by attnum)
                            from pg_attribute where attrelid = pg_class.oid and attnum > 0), relacl::text
           from pg_class where relnamespace = 'warden'::regnamespace
           order by 1, 2`,
        )
        .then(({ rows }) => rows as unknown[]);
    expect(await shape(upgraded)).toEqual(await shape(fresh));
    await Promise.all([upgraded.end(), fresh.end()]);
  });
});

it('goes on guarding the tables that an older version guarded, and takes their writes', async () => {
  const client = await olderFence(2);
  await client.query(`
    create table account (profile_id text primary key);
    select warden.guard_table('account', 'profile_id');
    select warden.report_progress(0, 1, 0, 0);
  `);
  await grant(client, 'kept', 7, 3);
  await installFence(client);
  await client.query(
    `begin; select warden.require_token('kept', 7); insert into account values ('kept'); commit`,
  );
  await expect(client.query(`delete from account`)).rejects.toMatchObject({ code: 'WD004' });
  await client.end();
});

it('is refused where the database has a newer one', async () => {
  await using database = await fenceDatabase();
  await database.projector.query('update warden.database set version = version + 1');
  await expect(installFence(database.projector)).rejects.toThrow('is the older version');
  expect(await installedFence(database.projector)).toBe(FENCE_VERSION + 1);
});
