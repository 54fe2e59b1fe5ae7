import { SERVICE_NAMES, startServices } from '@profile-warden/devstack';
import type { Services } from '@profile-warden/devstack';
import { execFile, fork, type ChildProcess } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { FAULT_POLICY } from '../faults/fault-settings.fixture.ts';
import { CLUSTER, SCRAM_USER, TOPIC, startSecuredStack } from './secured-stack.fixture.ts';
import type { SecuredStack, UserEnvironment } from './secured-stack.fixture.ts';
import type { WorkerNews, WorkerOrders } from './worker-orders.fixture.ts';

/** A login in the middle of the work costs time, so the lease is a little more patient. */
const POLICY = {
  ...FAULT_POLICY,
  version: 'secured-1',
  heartbeatEveryMs: 1_000,
  suspectAfterMs: 4_000,
  leaseMs: 10_000,
  unreachableAfterMs: 6_000,
  marginMs: 2_000,
};
const PROFILE = 'behind-tls';
/** More than two logins are good for. */
const WORK_MS = 32_000;
const RECOVERY_MS_MAX = 60_000;

const WORKER = fileURLToPath(new URL('secured-worker-process.fixture.ts', import.meta.url));
const WARDEN = fileURLToPath(new URL('../../apps/warden/src/main.ts', import.meta.url));

let secured: SecuredStack;
let logs = '';
const running: Services[] = [];
const children: ChildProcess[] = [];

beforeAll(async () => {
  secured = await startSecuredStack(POLICY);
  logs = await mkdtemp(join(tmpdir(), 'warden-secured-logs-'));
});

afterAll(async () => {
  for (const child of children) child.kill('SIGKILL');
  await Promise.all(running.map((services) => services.stop()));
  await secured[Symbol.asyncDispose]();
  await rm(logs, { recursive: true, force: true });
});

const startWorker = (): { child: ChildProcess; news: () => WorkerNews | null } => {
  const orders: WorkerOrders = {
    options: {
      workerId: 'w1',
      brokers: [secured.broker],
      registryUrl: secured.stack.registryUrl,
      topic: TOPIC,
      heartbeatEveryMs: POLICY.heartbeatEveryMs,
      marginMs: POLICY.marginMs,
    },
    user: 'worker',
    caFile: secured.caFile,
    profileId: PROFILE,
  };
  const child = fork(WORKER, [JSON.stringify(orders)], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] });
  children.push(child);
  let last: WorkerNews | null = null;
  child.on('message', (news) => (last = news as WorkerNews));
  return { child, news: () => last };
};

/** The command line as an operator runs it; code and both outputs. */
const warden = (env: UserEnvironment, ...args: string[]): Promise<{ code: number; text: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [WARDEN, ...args],
      { env: { ...process.env, ...env }, timeout: 60_000 },
      (_error, out, err) => resolve({ code: child.exitCode ?? -1, text: out + err }),
    );
  });

describe('brokers that want TLS, a login and rights', () => {
  it('serve the whole product: a worker holds its lease over several logins, and is recovered when it dies', async () => {
    for (const name of SERVICE_NAMES) running.push(await secured.start(name));
    const { child, news } = startWorker();
    await expect.poll(() => news()?.stepCount ?? 0, { timeout: 30_000 }).toBeGreaterThan(0);
    const before = news();
    await sleep(WORK_MS);
    const after = news();
    expect(after?.notices).toEqual([]);
    expect((after?.stepCount ?? 0) - (before?.stepCount ?? 0)).toBeGreaterThan(WORK_MS / 1_000);
    // A login is good for 14 s, and a new one is made 10 s before that.
    expect((after?.tokenCount ?? 0) - (before?.tokenCount ?? 0)).toBeGreaterThan(2);
    for (const services of running)
      for (const service of services.handles) {
        const answer = await fetch(`http://127.0.0.1:${await service.port()}/readyz`);
        expect([service.name, answer.status]).toEqual([service.name, 200]);
      }
    expect(child.exitCode).toBeNull();
    child.kill('SIGKILL');
    const env = secured.environmentOf(SCRAM_USER);
    const deadline = performance.now() + RECOVERY_MS_MAX;
    let text = '';
    // It had no directory by which anybody could tell whether its browser lives on.
    const decided = /^stage +manual-review: rule holder-unknown/m;
    while (!decided.test(text) && performance.now() < deadline)
      ({ text } = await warden(env, 'profile', PROFILE));
    expect(text).toMatch(decided);
  }, 240_000);

  it('end a service at once that has the wrong password, which its log does not show', async () => {
    const wrong = join(logs, 'wrong.password');
    await writeFile(wrong, 'not-the-password\n');
    const env = { ...secured.environmentOf('stale-detector'), WARDEN_KAFKA_PASSWORD_FILE: wrong };
    const logDir = join(logs, 'wrong');
    const started = startServices(secured.stack, {
      names: ['stale-detector'],
      topic: TOPIC,
      cluster: CLUSTER,
      deploy: false,
      policy: POLICY,
      logDir,
      env,
    });
    await expect(started).rejects.toThrow('broker-refused');
    const log = await readFile(join(logDir, 'stale-detector.log'), 'utf8');
    expect(log).not.toContain('not-the-password');
  }, 60_000);

  it('tell the command line why it is refused', async () => {
    const env = secured.environmentOf(SCRAM_USER);
    const wrong = join(logs, 'wrong.password');
    await writeFile(wrong, 'not-the-password\n');
    const refused = await warden({ ...env, WARDEN_KAFKA_PASSWORD_FILE: wrong }, 'profile', PROFILE);
    expect(refused.code).not.toBe(0);
    expect(refused.text).toContain('broker-refused');
    const stranger = await warden({ ...env, NODE_EXTRA_CA_CERTS: '' }, 'profile', PROFILE);
    expect(stranger.code).not.toBe(0);
    expect(stranger.text).toContain('broker-untrusted');
    const open = await warden(
      {
        ...env,
        WARDEN_KAFKA_TLS: '',
        WARDEN_KAFKA_SASL: '',
        WARDEN_KAFKA_USERNAME: '',
        WARDEN_KAFKA_PASSWORD_FILE: '',
      },
      'profile',
      PROFILE,
    );
    expect(open.code).not.toBe(0);
    expect(open.text).toContain('No broker answers');
  }, 120_000);
});
