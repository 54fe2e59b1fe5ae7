import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { fenceDatabase, grant } from './fence-database.fixture.ts';

const READER_FUNCTIONS = ['require_token', 'try_token'];
const READER_VIEWS = ['fence_state', 'guarded_table'];
const PROJECTOR_FUNCTIONS = [
  ...READER_FUNCTIONS,
  'advance_fence',
  'blocking_sessions',
  'database_identity',
  'mark_revoked',
  'raise_fence',
  'report_progress',
];

let database: FenceDatabase;
beforeAll(async () => {
  database = await fenceDatabase();
  await grant(database.projector, 'p', 1, 1);
  await database.projector.query(`
    create table public.guarded (profile_id text);
    select warden.guard_table('public.guarded', 'profile_id');
    create role fence_stranger;
    grant usage on schema warden to fence_stranger;
  `);
});
afterAll(async () => {
  await database.projector.query('drop owned by fence_stranger; drop role fence_stranger');
  await database[Symbol.asyncDispose]();
});

async function as(role: string): Promise<pg.Client> {
  const client = await database.connect();
  await client.query(`set role ${role}`);
  return client;
}

async function rejection(client: pg.Client, statement: string): Promise<string> {
  try {
    await client.query(statement);
    return 'allowed';
  } catch (error) {
    return (error as pg.DatabaseError).code ?? String(error);
  }
}

interface Callable {
  readonly name: string;
  readonly call: string;
}

async function functions(): Promise<readonly Callable[]> {
  const { rows } = await database.projector.query<Callable>(`
    select proname as name,
           format('select warden.%I(%s)', proname, (
             select string_agg('null::' || format_type(t.oid, null), ', ' order by t.at)
             from unnest(proargtypes) with ordinality as t (oid, at))) as call
    from pg_proc where pronamespace = 'warden'::regnamespace and prorettype <> 'trigger'::regtype
      and not proargtypes::oid[] @> array['record'::regtype::oid]`);
  return rows;
}

async function relations(): Promise<readonly string[]> {
  const { rows } = await database.projector.query<{ name: string }>(
    `select relname as name from pg_class where relnamespace = 'warden'::regnamespace and relkind in ('r', 'v')`,
  );
  return rows.map(({ name }) => name);
}

const allowedFunctions = async (role: string): Promise<readonly string[]> => {
  const client = await as(role);
  const allowed = [];
  for (const { name, call } of await functions())
    if ((await rejection(client, call)) !== '42501') allowed.push(name);
  return allowed.sort();
};

const readable = async (role: string): Promise<readonly string[]> => {
  const client = await as(role);
  const allowed = [];
  for (const name of await relations())
    if ((await rejection(client, `select 1 from warden.${name}`)) !== '42501') allowed.push(name);
  return allowed.sort();
};

describe('the rights', () => {
  it('of somebody else are none, even where the schema was opened to them', async () => {
    expect((await functions()).length).toBeGreaterThan(10);
    expect(await relations()).toHaveLength(6);
    expect(await allowedFunctions('fence_stranger')).toEqual([]);
    expect(await readable('fence_stranger')).toEqual([]);
    const { rows } = await database.projector.query(
      `select proname from pg_proc where pronamespace = 'warden'::regnamespace
       and has_function_privilege('fence_stranger', oid, 'execute')`,
    );
    expect(rows).toEqual([]);
  });

  it('of a reader are to ask, and to look at the views', async () => {
    expect(await allowedFunctions('warden_reader')).toEqual(READER_FUNCTIONS);
    expect(await readable('warden_reader')).toEqual(READER_VIEWS);
  });

  it('of the projector are to move the fence by its functions, and to read', async () => {
    expect(await allowedFunctions('warden_projector')).toEqual(PROJECTOR_FUNCTIONS.sort());
    expect(await readable('warden_projector')).toHaveLength(6);
  });

  it.each(['warden_reader', 'warden_projector'])('let %s write no table', async (role) => {
    const client = await as(role);
    for (const name of ['fence', 'revocation', 'progress', 'database'])
      for (const statement of [
        `delete from warden.${name}`,
        `truncate warden.${name}`,
        `insert into warden.${name} select * from warden.${name}`,
        `update warden.${name} set ${{ fence: 'valid = true', revocation: 'token = 1', progress: 'next_offset = 9', database: 'partition_count = 1' }[name] ?? ''}`,
      ])
        expect(await rejection(client, statement), statement).toBe('42501');
    expect(await rejection(client, 'update warden.fence_state set valid = true')).not.toBe('allowed');
  });

  it('leave guarding to the owner', async () => {
    for (const role of ['warden_reader', 'warden_projector', 'fence_stranger'])
      for (const call of ['guard_table(null, null)', 'unguard_table(null)'])
        expect(await rejection(await as(role), `select warden.${call}`)).toBe('42501');
  });
});

describe('what runs with the rights of the owner', () => {
  it('has a search path of its own, with pg_temp last', async () => {
    const { rows } = await database.projector.query(
      `select proname, proconfig from pg_proc where pronamespace = 'warden'::regnamespace and prosecdef
       and proconfig is distinct from array['search_path=pg_catalog, pg_temp']`,
    );
    expect(rows).toEqual([]);
  });

  it('does not run what a caller has put in its way', async () => {
    await database.projector.query(
      'create schema in_the_way; grant all on schema in_the_way to warden_reader',
    );
    const caller = await as('warden_reader');
    await caller.query(`
      create function pg_temp.spring(pg_catalog.text) returns boolean language plpgsql
        as $$ begin raise exception 'ran as %', current_user using errcode = 'P9999'; end $$;
      create function in_the_way.never(bigint, bigint) returns boolean language sql
        as $$ select pg_temp.spring('operator') $$;
      create operator in_the_way.<= (function = in_the_way.never, leftarg = bigint, rightarg = bigint);
      create operator in_the_way.< (function = in_the_way.never, leftarg = bigint, rightarg = bigint);
      create temp table fence as select 'p'::text as profile_id, 9::bigint as token, true as valid;
      create domain pg_temp.jsonb as pg_catalog.jsonb check (pg_temp.spring('jsonb'));
      create domain pg_temp.bytea as pg_catalog.bytea check (pg_temp.spring('bytea'));
      create domain pg_temp.text as pg_catalog.text check (pg_temp.spring(value));
      set search_path = pg_temp, in_the_way, pg_catalog;
    `);
    await caller.query(`begin; select warden.require_token('p', 1)`);
    await expect(caller.query(`select warden.require_token('p', 9, 900)`)).rejects.toMatchObject({
      code: 'WD002',
    });
    await caller.query('rollback');
    expect((await caller.query(`select token from warden.fence_state`)).rows).toEqual([{ token: '1' }]);
  });
});
