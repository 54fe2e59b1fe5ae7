import { freshDatabase } from '@profile-warden/testkit/parts';
import pg from 'pg';
import { expect, it } from 'vitest';
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
