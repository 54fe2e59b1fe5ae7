import { freshDatabase } from '@profile-warden/testkit/parts';
import {
  installTarball,
  packPackage,
  readmeBlock,
  type Consumer,
  type Tarball,
} from '@profile-warden/testkit/tarball';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grant } from './fence-database.fixture.ts';
import { FENCE_VERSION, installFence } from './index.ts';

const PACK_MS_MAX = 120_000;

let tarball: Tarball;
let consumer: Consumer;
let client: pg.Client;
let env: Record<string, string>;

beforeAll(async () => {
  tarball = await packPackage('fence');
  consumer = await installTarball(tarball, ['pg', '@types/pg', '@types/node']);
  const url = await freshDatabase();
  client = new pg.Client({ connectionString: url });
  await client.connect();
  const { hostname, port, username, password, pathname } = new URL(url);
  env = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
    PGOPTIONS: '-c search_path=public',
  };
}, PACK_MS_MAX);
afterAll(async () => {
  await client.end();
  await tarball[Symbol.asyncDispose]();
});

describe('the tarball', () => {
  it('holds JavaScript, types and SQL, and no TypeScript', () => {
    expect(tarball.files).toEqual(
      expect.arrayContaining(['LICENSE', 'README.md', 'dist/index.js', 'dist/index.d.ts', 'sql/install.sql']),
    );
    expect(tarball.files.filter((path) => /(?<!\.d)\.ts$|spec|fixture|upgrade/.test(path))).toEqual([]);
  });

  it('leaves the package of the workspace as it was', () => {
    const [before, after] = tarball.manifests;
    expect(after).toBe(before);
    expect(before).toContain('./src/index.ts');
  });

  it('installs the fence from its own files', async () => {
    await consumer.write(
      'install.js',
      `import { installFence, installedFence } from '@profile-warden/fence';
       import pg from 'pg';
       const client = new pg.Client();
       await client.connect();
       await installFence(client);
       console.log(await installedFence(client));
       await client.end();`,
    );
    expect(await consumer.run('node', ['install.js'], env)).toBe(`${FENCE_VERSION}\n`);
  });

  it('runs the example of the README as plain JavaScript, against a real database', async () => {
    await installFence(client);
    await client.query('select warden.report_progress(0, 1, 0, 0)');
    await client.query('set search_path = public; create table account (profile_id text, balance int)');
    await client.query(`insert into account values ('profile-17', 20)`);
    const balance = async (): Promise<unknown> => (await client.query('select balance from account')).rows[0];
    await consumer.write('example.js', await readmeBlock('fence', 'ts', 'fence.transaction'));
    await grant(client, 'profile-17', 4, 1);
    await consumer.run('node', ['example.js'], env);
    expect(await balance()).toEqual({ balance: 15 });
    await grant(client, 'profile-17', 5, 2);
    await expect(consumer.run('node', ['example.js'], env)).rejects.toThrow('older than the current token 5');
    expect(await balance()).toEqual({ balance: 15 });
  });

  it(
    'gives a TypeScript project its types',
    async () => {
      const example = await readmeBlock('fence', 'ts', 'fence.transaction');
      const wiring = await readmeBlock('fence', 'ts', 'appendRefusals');
      await consumer.write('example.ts', example);
      await consumer.write(
        'wiring.ts',
        `declare const appender: { append(events: readonly { id: string; profileId: string | null }[]): Promise<number[]> };\n${wiring}
       export const kind: 'stop' | 'retry' | 'unknown-profile' | 'unchecked' =
         await fence.try({ query: () => Promise.resolve({ rows: [] }) }, { profileId: 'p', token: 1 })
           .then((verdict) => (verdict.ok ? 'stop' : verdict.kind));`,
      );
      await consumer.write(
        'wrong.ts',
        `import { fence } from '@profile-warden/fence';
       import pg from 'pg';
       // @ts-expect-error a token is a number
       await fence.require(new pg.Client(), { profileId: 'p', token: '1' });
       await fence.transaction(new pg.Pool(), { profileId: 'p', token: 1 }, (client) => {
         // @ts-expect-error the client is the driver's own, and has no such method
         client.nonsense();
         return Promise.resolve();
       });`,
      );
      await consumer.run('tsc', ['--project', '.']);
    },
    PACK_MS_MAX,
  );
});
