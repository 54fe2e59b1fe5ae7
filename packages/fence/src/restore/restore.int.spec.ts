import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { grant, mark, raise } from '../fence-database.fixture.ts';
import { installFence } from '../index.ts';
import {
  baseBackup,
  coldCopy,
  connect,
  cutOff,
  promote,
  startServer,
  until,
} from './database-copy.fixture.ts';
import type { Recovery, Server } from './database-copy.fixture.ts';

const START_MS_MAX = 60_000;

let primary: Server;
beforeAll(async () => {
  primary = await startServer();
  await installFence(primary.client);
  await primary.client.query('select warden.report_progress(0, 1, 10, 10)');
}, START_MS_MAX);
afterAll(() => primary[Symbol.asyncDispose]());

async function ask(client: pg.Client, profileId: string, token: number): Promise<string> {
  const { rows } = await client.query<{ ok: boolean; reason: string }>(
    'select * from warden.try_token($1, $2)',
    [profileId, token],
  );
  return rows[0]?.ok === true ? 'accepted' : (rows[0]?.reason ?? 'nothing');
}

async function lease(client: pg.Client, profileId: string): Promise<void> {
  await grant(client, profileId, 1, 5);
  expect(await ask(client, profileId, 1)).toBe('accepted');
}

/** Token 1 is revoked and token 2 granted, as the log says it. */
async function fenceOff(client: pg.Client, profileId: string): Promise<void> {
  await mark(client, profileId, 1, 20);
  await raise(client, profileId, 1, 20);
  await grant(client, profileId, 2, 30);
}

/** What a database that came back must answer: "retry" to all it cannot know, until the log was carried in again. */
async function expectNoOldToken(copy: pg.Client, profileId: string): Promise<void> {
  expect(await ask(copy, profileId, 1)).toBe('other-database');
  expect(await ask(copy, profileId, 2)).toBe('other-database');
  // The projector comes. It says first how far it is, then sets the rows, then says that it has reached its goal.
  await copy.query('select warden.report_progress(0, 1, 31, 10)');
  expect(await ask(copy, profileId, 1)).toBe('other-database');
  await fenceOff(copy, profileId);
  expect(await ask(copy, profileId, 1)).toBe('revoked');
  expect(await ask(copy, profileId, 2)).toBe('other-database');
  await copy.query('select warden.report_progress(0, 1, 31, 31)');
  expect(await ask(copy, profileId, 1)).toBe('revoked');
  expect(await ask(copy, profileId, 2)).toBe('accepted');
}

const timeline = async (client: pg.Client): Promise<string> => {
  const { rows } = await client.query<{ id: string }>('select warden.database_identity() as id');
  return rows[0]?.id.split(':')[1] ?? '';
};

const isServing = async (client: pg.Client): Promise<boolean> => {
  const { rows } = await client.query<{ busy: boolean }>('select pg_is_in_recovery() as busy');
  return rows[0]?.busy === false;
};

const hasToken = (client: pg.Client, profileId: string, token: number) => async (): Promise<boolean> => {
  const { rows } = await client.query('select from warden.fence where profile_id = $1 and token = $2', [
    profileId,
    token,
  ]);
  return rows.length > 0;
};

describe('a base backup taken before a fence was raised', () => {
  it.each<[Recovery, string]>([
    ['recovery.signal', '00000002'],
    ['plain', '00000001'],
  ])(
    'takes no old token when it is restored (%s)',
    async (recovery, expectedTimeline) => {
      await lease(primary.client, recovery);
      const dir = await baseBackup(primary, recovery);
      await fenceOff(primary.client, recovery);
      await using copy = await startServer(dir);
      await until(() => isServing(copy.client));
      expect(await timeline(copy.client)).toBe(expectedTimeline);
      await expectNoOldToken(copy.client, recovery);
    },
    START_MS_MAX,
  );

  it(
    'takes none as a standby that was cut off and promoted',
    async () => {
      await lease(primary.client, 'lagging');
      await using standby = await startServer(await baseBackup(primary, 'standby.signal'));
      await grant(primary.client, 'streamed', 1, 6);
      await until(hasToken(standby.client, 'streamed', 1));
      expect(await ask(standby.client, 'lagging', 1)).toBe('other-database');
      await expect(standby.client.query(`select warden.require_token('lagging', 1)`)).rejects.toMatchObject({
        code: '25006',
      });
      await cutOff(standby);
      await fenceOff(primary.client, 'lagging');
      await promote(standby);
      await expectNoOldToken(standby.client, 'lagging');
    },
    START_MS_MAX,
  );

  it(
    'takes none as a standby that had seen everything, and the new one only when it is confirmed',
    async () => {
      await lease(primary.client, 'current');
      await using standby = await startServer(await baseBackup(primary, 'standby.signal'));
      await fenceOff(primary.client, 'current');
      await until(hasToken(standby.client, 'current', 2));
      await promote(standby);
      expect(await ask(standby.client, 'current', 1)).toBe('revoked');
      expect(await ask(standby.client, 'current', 2)).toBe('other-database');
      await standby.client.query('select warden.report_progress(0, 1, 31, 31)');
      expect(await ask(standby.client, 'current', 2)).toBe('accepted');
    },
    START_MS_MAX,
  );
});

describe('another copy from before a fence was raised', () => {
  it(
    'takes no old token: the files of a stopped server, started beside it',
    async () => {
      await lease(primary.client, 'cold');
      const { dir } = primary;
      const copied = await coldCopy(primary);
      primary = await startServer(dir);
      await using copy = await startServer(copied);
      expect(await timeline(copy.client)).toBe(await timeline(primary.client));
      await expectNoOldToken(copy.client, 'cold');
      // Nor does the server itself before it is confirmed again: it cannot know that it is not the copy.
      await expectNoOldToken(primary.client, 'cold');
    },
    START_MS_MAX,
  );

  it('takes none: a database copied within the same server', async () => {
    const at = (name: string): string =>
      Object.assign(new URL(primary.stack.postgresUrl), { pathname: `/${name}` }).href;
    await primary.client.query('create database original');
    const original = await connect(at('original'));
    await installFence(original);
    await original.query('select warden.report_progress(0, 1, 10, 10)');
    await lease(original, 'p');
    await original.end();
    await primary.client.query('create database copied template original');
    const copied = await connect(at('copied'));
    await expectNoOldToken(copied, 'p');
    await copied.end();
  });
});
