import { appendRefusals, requireToken, FenceRefusedError } from '@profile-warden/fence';
import { inTransaction, openPool } from '@profile-warden/postgres';
import type { AuthorityClient } from '@profile-warden/testkit/client';
import { fork, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { HOST_ID, PARTITION_COUNT } from '../faults/fault-settings.fixture.ts';
import { FaultWorld } from '../faults/fault-world.fixture.ts';
import { BROWSERS, until } from './browser.fixture.ts';
import { ended } from './holder.fixture.ts';
import { Profiles } from './profile.fixture.ts';
import { allBytes, tableBytes } from './secret-dumps.fixture.ts';
import type { SecretWorkerOrders, SecretWorkerWord, Secrets } from './secret-messages.fixture.ts';
import { found, secretValue } from './secret-values.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const WORKER = join(import.meta.dirname, 'secret-worker-process.fixture.ts');
const DONE_BOUND_MS = 60_000;
const POLL_MS = 500;
const PATIENT = {
  heartbeatEveryMs: 1_000,
  suspectAfterMs: 3_000,
  leaseMs: 9_000,
  startBudgetMs: 60_000,
  collectorTimeoutMs: 20_000,
};
const SECRETS: Secrets = {
  cookie: secretValue(),
  password: secretValue(),
  queryToken: secretValue(),
  pathToken: secretValue(),
  fragment: secretValue(),
  userInfo: secretValue(),
  pageText: secretValue(),
  proxyPassword: secretValue(),
  signature: secretValue(),
};
/** Values that are kept by right, plain and in base64: the same search must find them, or it would find nothing. */
const KEPT = { taskId: secretValue(), stepName: secretValue() };

/** Every file of a directory with its content. */
const filesOf = (directory: string): ReadonlyMap<string, Buffer> =>
  new Map(
    readdirSync(directory, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map(({ parentPath, name }) => [name, readFileSync(join(parentPath, name))]),
  );

describe('the search', () => {
  it('finds a value in plain text, in a url, in hex and in base64 wherever it begins', () => {
    const value = secretValue();
    const ways: readonly ((text: string) => string)[] = [
      (text) => text,
      (text) => new URLSearchParams({ text }).toString(),
      (text) => Buffer.from(text).toString('hex'),
      (text) => Buffer.from(text).toString('base64'),
      (text) => Buffer.from(`?${text}`).toString('base64'),
      (text) => Buffer.from(`??${text}`).toString('base64url'),
    ];
    for (const way of ways)
      expect(found({ value }, new Map([['here', Buffer.from(`before ${way(value)} behind`)]]))).not.toEqual(
        [],
      );
    expect(found({ value }, new Map([['here', Buffer.from(`before ${secretValue()} behind`)]]))).toEqual([]);
  });
});

withBrowser(BROWSERS.CHROMIUM, 'secrets that a worker handles', () => {
  let world: FaultWorld;
  let watcher: AuthorityClient;
  let profiles: Profiles;
  const workers: ChildProcess[] = [];
  beforeAll(async () => {
    world = await FaultWorld.open({ policy: PATIENT });
    watcher = await world.client('watcher');
    profiles = await Profiles.of(BROWSERS.CHROMIUM);
  });
  afterAll(async () => {
    for (const worker of workers) await ended(worker);
    await profiles[Symbol.asyncDispose]();
    await watcher[Symbol.asyncDispose]();
    await world[Symbol.asyncDispose]();
  });

  /** A worker that has come to where it stays. */
  async function atWork(profileId: string, directory: string) {
    const { brokers, registry, topic, policy } = world;
    const orders: SecretWorkerOrders = {
      connection: {
        workerId: `${profileId}-worker`,
        hostId: HOST_ID,
        brokers,
        registryUrl: registry.url,
        topic,
        partitionCount: PARTITION_COUNT,
        heartbeatEveryMs: policy.heartbeatEveryMs,
        marginMs: policy.marginMs,
      },
      profileId,
      taskId: KEPT.taskId,
      stepName: Buffer.from(KEPT.stepName).toString('base64'),
      directory,
      secrets: SECRETS,
    };
    const child = fork(WORKER, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
    workers.push(child);
    const [word] = (await once(child, 'message')) as [SecretWorkerWord];
    return { child, word };
  }

  /** A write under a revoked token, with a secret among what it would have written, refused and reported. */
  async function refusedWrite(profileId: string, token: number): Promise<void> {
    const pool = openPool(world.stack.postgresUrl, { applicationName: 'account-service' });
    const report = appendRefusals((events) => watcher.sayAll(events));
    await pool.query('create table account (profile_id text, password text)');
    const write = inTransaction(pool, async (client) => {
      await requireToken(client, { profileId, token });
      await client.query('insert into account values ($1, $2)', [profileId, SECRETS.password]);
    });
    const refused: unknown = await write.catch((error: unknown) => error);
    await pool.end();
    if (!(refused instanceof FenceRefusedError)) throw new Error('the write went through');
    const { code: sqlState } = refused;
    await report({ profileId, presentedToken: token, knownToken: null, target: 'main', sqlState });
  }

  /** Waits until the read model shows the refused write and both decisions. */
  async function projected(): Promise<void> {
    const shown = ['WriteRefused', 'profile-corrupt', 'holder-alive'];
    const endsAt = performance.now() + DONE_BOUND_MS;
    for (;;) {
      const rows = Buffer.concat([...(await tableBytes(world.stack.postgresUrl)).values()]);
      if (shown.every((word) => rows.includes(word))) return;
      if (performance.now() > endsAt) throw new Error(`not projected within ${DONE_BOUND_MS} ms`);
      await wait(POLL_MS);
    }
  }

  const rules = (profileId: string): readonly string[] =>
    watcher.records.flatMap(({ event, ...record }) =>
      record.profileId === profileId && event.type === 'Decided' ? [event.rule] : [],
    );
  const evidence = (profileId: string) =>
    watcher.records.flatMap(({ event, ...record }) =>
      record.profileId === profileId && event.type === 'EvidenceCollected' ? [event] : [],
    );

  it('C82 are in no record, no row and no line of a log when their case has gone all its way', async () => {
    const [torn, orphaned] = [profiles.used(), profiles.used()];
    const first = await atWork('torn', torn);
    const second = await atWork('orphaned', orphaned);
    for (const { word } of [first, second]) expect(word.posted).toBe(`password=${SECRETS.password}`);
    // They are there to be picked up: this is what a collector reads in.
    await until(
      () => found({ page: SECRETS.pageText }, filesOf(torn)).length > 0,
      'the page is in the profile',
    );

    process.kill(first.word.browserPid, 'SIGKILL');
    await ended(first.child);
    writeFileSync(join(torn, 'Default/Preferences'), `{"proxy":{"password":"${SECRETS.proxyPassword}"`);
    // Its browser lives on, with a password among its arguments.
    await ended(second.child);
    await until(() => rules('torn').length > 0, 'a decision on the torn profile', DONE_BOUND_MS);
    await refusedWrite('torn', first.word.token);
    await until(() => rules('orphaned').length > 0, 'a decision on the orphaned profile', DONE_BOUND_MS);
    process.kill(second.word.browserPid, 'SIGKILL');

    expect([rules('torn'), rules('orphaned')]).toEqual([['profile-corrupt'], ['holder-alive']]);
    await projected();
    const { topic, tables, logs } = await allBytes(world);
    for (const places of [topic, tables]) {
      expect(found({ taskId: KEPT.taskId }, places)).not.toEqual([]);
      expect(found({ stepName: KEPT.stepName }, places)).not.toEqual([]);
    }
    expect(found({ started: 'listening' }, logs)).toHaveLength(5);
    expect([topic, tables, logs].flatMap((places) => found(SECRETS, places))).toEqual([]);
    expect(evidence('torn').at(-1)?.findings).toMatchObject({
      lastUrl: expect.stringMatching(/^http:\/\/127\.0\.0\.1:\d+\/reset\/\*\/form$/) as string,
      screenshotUri: 'https://shots.invalid/1.png',
    });
  }, 240_000);
});
