import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { FenceDatabase } from './fence-database.fixture.ts';
import { end, fenceDatabase, grant, mark } from './fence-database.fixture.ts';
import { installFence } from './install.ts';

let database: FenceDatabase;
let writer: pg.Client;

beforeAll(async () => {
  database = await fenceDatabase();
  const { projector } = database;
  // The superuser of the parts is called warden: its "$user" schema would be the fence's own.
  await projector.query(`
    set search_path = public;
    create table account (id int primary key, profile_id text, balance int default 0);
    create table posting (account_id int references account on delete cascade, owner text not null);
    create table visit (at date not null, profile_id text) partition by range (at);
    create table visit_2026 partition of visit for values from ('2026-01-01') to ('2027-01-01');
    select warden.guard_table('account', 'profile_id');
    select warden.guard_table('posting', 'owner');
    select warden.guard_table('visit', 'profile_id');
    create table visit_2027 partition of visit for values from ('2027-01-01') to ('2028-01-01');
    create role account_service in role warden_reader;
    grant select, insert, update, delete, truncate on account, posting, visit, visit_2026, visit_2027 to account_service;
  `);
  for (const profileId of ['a', 'b', 'stopped']) await grant(projector, profileId, 2, 1);
  writer = await database.connect();
  await writer.query('set role account_service');
});
afterAll(async () => {
  await database.projector.query('drop owned by account_service; drop role account_service');
  await database[Symbol.asyncDispose]();
});

beforeEach(async () => {
  await write(['a'], `insert into account values (1, 'a'), (2, 'a') on conflict (id) do nothing`);
});

/** The SQLSTATE of the first refusal in a transaction that asks for these profiles and then runs the statements. */
async function write(profileIds: readonly string[], ...statements: readonly string[]): Promise<string> {
  await writer.query('begin');
  try {
    for (const profileId of profileIds) await writer.query('select warden.require_token($1, 2)', [profileId]);
    for (const statement of statements) await writer.query(statement);
    await writer.query('commit');
    return 'written';
  } catch (error) {
    await writer.query('rollback');
    return (error as pg.DatabaseError).code ?? String(error);
  }
}

describe('a guarded table', () => {
  it.each([
    ['insert', `insert into account values (9, 'a')`],
    ['update', `update account set balance = balance + 1 where id = 1`],
    ['upsert', `insert into account values (1, 'a') on conflict (id) do update set balance = 7`],
    ['merge', `merge into account using (values (1)) v (id) on v.id = account.id when matched then delete`],
    ['delete', `delete from account where id = 1`],
    ['write behind a CTE', `with gone as (delete from account where id = 1 returning 1) select * from gone`],
  ])('refuses a forgotten check, and takes the same with one: %s', async (_name, statement) => {
    expect(await write([], statement)).toBe('WD004');
    expect(await write(['b'], statement)).toBe('WD004');
    expect(await write(['a'], statement, 'delete from account where id = 9')).toBe('written');
  });

  it('needs the profile that a row leaves and the one that it joins', async () => {
    const move = `update account set profile_id = 'b' where id = 1`;
    expect(await write(['a'], move)).toBe('WD004');
    expect(await write(['b'], move)).toBe('WD004');
    expect(await write(['a', 'b'], move, `update account set profile_id = 'a' where id = 1`)).toBe('written');
  });

  it('covers what a foreign key deletes along', async () => {
    await write(['a', 'b'], `insert into account values (5, 'a')`, `insert into posting values (5, 'b')`);
    expect(await write(['a'], 'delete from account where id = 5')).toBe('WD004');
    expect(await write(['a', 'b'], 'delete from account where id = 5')).toBe('written');
  });

  it('covers partitions, also addressed directly and made later', async () => {
    for (const [table, at] of [
      ['visit', '2026-05-01'],
      ['visit_2026', '2026-05-01'],
      ['visit_2027', '2027-05-01'],
    ] as const) {
      expect(await write([], `insert into ${table} values ('${at}', 'a')`)).toBe('WD004');
      expect(await write(['a'], `insert into ${table} values ('${at}', 'a')`)).toBe('written');
    }
    expect(await write(['a'], `update visit set at = '2027-07-01' where at = '2026-05-01'`)).toBe('written');
    expect(await write([], `update visit set at = '2026-07-01'`)).toBe('WD004');
    expect(await write(['a'], 'truncate visit_2026')).toBe('WD004');
    await database.projector.query(`select warden.guard_table('visit', 'profile_id')`);
    expect(await write(['a'], 'truncate visit_2027')).toBe('WD004');
  });

  it('covers COPY', async () => {
    const copy = `copy account (id, profile_id) from program 'printf "7\\ta\\n"'`;
    await database.projector.query('begin');
    await expect(database.projector.query(copy)).rejects.toMatchObject({ code: 'WD004' });
    await database.projector.query(`rollback; begin; select warden.require_token('a', 2)`);
    await database.projector.query(copy);
    await database.projector.query('rollback');
  });

  it('refuses TRUNCATE, which names no profile, and rows that have none', async () => {
    expect(await write(['a'], 'truncate account cascade')).toBe('WD004');
    expect(await write(['a'], 'insert into account values (8, null)')).toBe('WD004');
  });

  it('says what to do', async () => {
    const refusal = await writer
      .query(`insert into account values (9, 'a')`)
      .catch((error: unknown) => error);
    expect(refusal).toMatchObject({
      code: 'WD004',
      message: `profile 'a': no token was accepted for it in this transaction`,
      hint: expect.stringContaining('call warden.require_token') as string,
    });
    expect(JSON.parse(String((refusal as pg.DatabaseError).detail))).toEqual({
      reason: 'unchecked',
      profileId: 'a',
      presentedToken: null,
      knownToken: null,
    });
  });
});

describe('the note of what was checked', () => {
  const touch = 'update account set balance = balance + 1 where id = 1';

  it('ends with the transaction', async () => {
    expect(await write(['a'], touch)).toBe('written');
    expect(await write([], touch)).toBe('WD004');
  });

  it('goes with the lock when a savepoint is rolled back', async () => {
    expect(
      await write([], 'savepoint s', `select warden.require_token('a', 2)`, 'rollback to s', touch),
    ).toBe('WD004');
    expect(await write([], 'savepoint s', `select warden.require_token('a', 2)`, 'release s', touch)).toBe(
      'written',
    );
  });

  it('gains nothing by being forged: only a token that is good now passes, and it is locked', async () => {
    const forged = (token: number, profileId = 'a'): string =>
      `select set_config('warden.tokens', '{"${profileId}": ${token}}', true)`;
    expect(await write([], forged(1), touch)).toBe('WD001');
    expect(await write([], forged(3), touch)).toBe('WD002');
    await end(database.projector, 'stopped', 2, 5);
    expect(await write([], forged(2, 'stopped'), `insert into account values (6, 'stopped')`)).toBe('WD001');
    expect(await write([], `select set_config('warden.tokens', 'nonsense', true)`, touch)).toBe('22P02');
    await writer.query(`begin; ${forged(2)}`);
    await writer.query(touch);
    const skipped = await database.projector.query<{ answer: string }>(
      `select warden.advance_fence('a', 3, true, 0, 50, false) as answer`,
    );
    expect(skipped.rows[0]?.answer).toBe('locked');
    await writer.query('rollback');
  });

  it('is not left by a refusal that did not raise', async () => {
    expect(await write([], `select warden.try_token('a', 1)`, touch)).toBe('WD004');
    expect(await write([], `select warden.try_token('a', 2)`, touch)).toBe('written');
  });

  it('is judged again for each row: a mark that came meanwhile stops the transaction', async () => {
    await grant(database.projector, 'marked', 2, 5);
    await writer.query(`begin; select warden.require_token('marked', 2)`);
    await writer.query(`insert into account values (20, 'marked')`);
    await mark(database.projector, 'marked', 2, 6);
    await expect(writer.query(`insert into account values (21, 'marked')`)).rejects.toMatchObject({
      code: 'WD001',
    });
    await writer.query('rollback');
  });
});

describe('guarding', () => {
  it('can be looked up, repeated and undone', async () => {
    const { projector } = database;
    const guarded = async (): Promise<unknown> =>
      (await writer.query('select * from warden.guarded_table order by table_name')).rows;
    const [account, posting] = [
      { table_name: 'account', profile_column: 'profile_id', is_enabled: true },
      { table_name: 'posting', profile_column: 'owner', is_enabled: true },
    ];
    expect(await guarded()).toEqual(expect.arrayContaining([account, posting]));
    await projector.query(`select warden.guard_table('posting', 'owner')`);
    await projector.query(`select warden.unguard_table('posting')`);
    expect(await guarded()).not.toEqual(expect.arrayContaining([posting]));
    expect(await write([], `insert into posting values (1, 'a')`, 'truncate posting')).toBe('written');
    await projector.query(`select warden.guard_table('posting', 'owner')`);
    expect(await write([], `insert into posting values (1, 'a')`)).toBe('WD004');
  });

  it('takes names that need quotes', async () => {
    await database.projector.query(`
      create table "Odd $guard$ name" ("the 'profile' $body$" text);
      select warden.guard_table('"Odd $guard$ name"', 'the ''profile'' $body$');
      grant insert on "Odd $guard$ name" to account_service;
    `);
    expect(await write([], `insert into "Odd $guard$ name" values ('a')`)).toBe('WD004');
    expect(await write(['a'], `insert into "Odd $guard$ name" values ('a')`)).toBe('written');
  });

  it('names what is wrong with its arguments', async () => {
    const { projector } = database;
    await projector.query(`create view all_accounts as select * from account`);
    await expect(projector.query(`select warden.guard_table('all_accounts', 'id')`)).rejects.toThrow(
      'all_accounts is not a table',
    );
    await expect(projector.query(`select warden.guard_table('account', 'profile')`)).rejects.toThrow(
      'account has no column profile',
    );
    await expect(writer.query(`select warden.guard_table('account', 'profile_id')`)).rejects.toMatchObject({
      code: '42501',
    });
  });
});

describe('a database without a guarded table', () => {
  const begin = async (client: pg.Client): Promise<void> => {
    await client.query('begin');
    await client.query(`select warden.require_token('a', 2)`);
  };
  const deposit = (client: pg.Client): Promise<unknown> =>
    client.query(`insert into purse values ('a') on conflict do nothing`);

  const unguarded = async (): Promise<{ readonly own: FenceDatabase; readonly client: pg.Client }> => {
    const own = await fenceDatabase();
    await own.projector.query('create table public.purse (profile_id text primary key)');
    await grant(own.projector, 'a', 2, 1);
    const client = await own.connect();
    await client.query('set search_path = public');
    return { own, client };
  };

  it('takes no note of tokens; who asked before a table is guarded is refused once by it', async () => {
    const { own, client } = await unguarded();
    await begin(client);
    const { rows } = await client.query(`select current_setting('warden.tokens', true) as noted`);
    expect((rows[0] as { noted: string | null }).noted ?? '').toBe('');
    await own.projector.query(`select warden.guard_table('public.purse', 'profile_id')`);
    await expect(deposit(client)).rejects.toMatchObject({ code: 'WD004' });
    await client.query('rollback');
    await begin(client);
    await deposit(client);
    await client.query('commit');
    await own[Symbol.asyncDispose]();
  });

  it('knows a table that was restored with its guard once the fence is installed again', async () => {
    const { own, client } = await unguarded();
    await own.projector.query(`select warden.guard_table('public.purse', 'profile_id')`);
    await own.projector.query('update warden.database set guards = false');
    await begin(client);
    await expect(deposit(client)).rejects.toMatchObject({ code: 'WD004' });
    await client.query('rollback');
    await installFence(own.projector);
    await begin(client);
    await deposit(client);
    await client.query('commit');
    await own[Symbol.asyncDispose]();
  });
});
