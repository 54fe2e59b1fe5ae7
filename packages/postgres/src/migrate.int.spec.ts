import { freshDatabase } from '@profile-warden/testkit/parts';
import { expect, it } from 'vitest';
import { migrate, openPool } from './index.ts';

const NAMES = ['0001_read-model', '0002_cases-and-fence-targets'];

it('brings an empty database to the newest schema once, also when several try at the same time', async () => {
  const url = await freshDatabase();
  const runs = await Promise.all([migrate(url), migrate(url), migrate(url)]);
  expect(runs.flat()).toEqual(NAMES);
  expect(await migrate(url)).toEqual([]);
});

it('builds a second read model beside the live one', async () => {
  const url = await freshDatabase();
  await migrate(url);
  expect(await migrate(url, { schema: 'warden_rebuild' })).toEqual(NAMES);
  const pool = openPool(url, { applicationName: 'spec', schema: 'warden_rebuild' });
  const { rows } = await pool.query<{ name: string }>(
    `select 'profile'::regclass::oid::regclass::text as name`,
  );
  const path = await pool.query<{ schema: string }>('select current_schema() as schema');
  await pool.end();
  expect(rows).toEqual([{ name: 'profile' }]);
  expect(path.rows).toEqual([{ schema: 'warden_rebuild' }]);
});
