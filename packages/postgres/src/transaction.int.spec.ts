import { freshDatabase } from '@profile-warden/testkit/parts';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { Pool } from './index.ts';
import { inTransaction, openPool } from './index.ts';

let pool: Pool;
let url: string;
beforeAll(async () => {
  url = await freshDatabase();
  pool = openPool(url, { applicationName: 'spec', maxConnections: 1 });
  await pool.query('create table t (n bigint)');
});
afterAll(() => pool.end());

it('commits what succeeds and rolls back what fails, the connection being used again', async () => {
  await inTransaction(pool, (client) => client.query('insert into t values (1)'));
  const failing = inTransaction(pool, async (client) => {
    await client.query('insert into t values (2)');
    throw new Error('stop');
  });
  await expect(failing).rejects.toThrow('stop');
  expect((await pool.query('select n from t')).rows).toEqual([{ n: 1 }]);
});

it('survives a session that is ended from outside', async () => {
  const other = openPool(url, { applicationName: 'killer' });
  const killed = inTransaction(pool, async (client) => {
    const { rows } = await client.query<{ pid: number }>('select pg_backend_pid() as pid');
    await other.query('select pg_terminate_backend($1)', [rows[0]?.pid]);
    await client.query('select 1');
  });
  await expect(killed).rejects.toThrow();
  await other.end();
  expect((await pool.query('select n from t')).rows).toEqual([{ n: 1 }]);
});

it('fails on a whole number that JavaScript would round', async () => {
  await expect(pool.query('select 9007199254740993::bigint as n')).rejects.toThrow('too large');
  expect((await pool.query('select 9007199254740991::bigint as n')).rows).toEqual([{ n: 9007199254740991 }]);
});

it('refuses a schema name that would need quoting', () => {
  expect(() => openPool(url, { applicationName: 'spec', schema: 'a b' })).toThrow(RangeError);
});
