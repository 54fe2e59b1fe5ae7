import { readFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { until } from './deadline.ts';
import type { DevstackError } from './error.ts';
import { isAlive } from './scratch.ts';
import { SERVICE_NAMES, startServices, type Services } from './services.ts';
import { startStack } from './stack-start.ts';
import type { Stack } from './stack.ts';

vi.setConfig({ testTimeout: 150_000, hookTimeout: 300_000 });

const deaths: DevstackError[] = [];
let stack: Stack;
let services: Services;
beforeAll(async () => {
  stack = await startStack({ kind: 'embedded' });
  services = await startServices(stack, { onServiceDied: (error) => deaths.push(error) });
});
afterAll(async () => {
  await services.stop();
  for (const { pid } of services.handles) expect(isAlive(pid)).toBe(false);
  await stack.stop();
});

it('runs the five services, each ready on a port of its own', async () => {
  expect(services.handles.map(({ name }) => name)).toEqual([...SERVICE_NAMES]);
  for (const service of services.handles) {
    const answer = await fetch(`http://127.0.0.1:${await service.port()}/readyz`);
    expect(answer.status).toBe(200);
  }
});

it('has a collector for the host that workers name by themselves', async () => {
  const log = await readFile(services.of('evidence-collector').logFile, 'utf8');
  expect(log).toContain(`"groupId":"dev.evidence-collector.profile-leases.v1.any.${hostname()}"`);
});

it('starts a killed service again on the same port, and mourns only what it did not kill', async () => {
  const service = services.of('stale-detector');
  const before = { pid: service.pid, port: await service.port() };
  await service.kill();
  await service.restart();
  expect(await service.port()).toBe(before.port);
  expect(service.pid).not.toBe(before.pid);
  expect(deaths).toEqual([]);

  process.kill(service.pid, 'SIGKILL');
  expect(await until(() => deaths.length > 0, 10_000)).toBe(true);
  expect(deaths[0]?.message).toContain('stale-detector ended by SIGKILL');
});

it('stops a service that still joins its group, which waits for a member that has died', async () => {
  const service = services.of('recovery-decider');
  const killed = service.pid;
  await service.kill();
  const started = service.restart().then(
    () => 'is ready',
    () => 'has ended',
  );
  const isJoining = async (): Promise<boolean> =>
    service.pid !== killed && (await readFile(service.logFile, 'utf8')).includes('Consumer: Starting');
  await vi.waitUntil(isJoining, { timeout: 30_000 });
  await sleep(1_000);
  const toldAt = performance.now();
  process.kill(service.pid, 'SIGTERM');
  expect(await started).toBe('has ended');
  expect(performance.now() - toldAt).toBeLessThan(5_000);
  await service.restart();
});

it('says which service could not start, with the end of its log', async () => {
  const options = {
    names: ['projector'],
    deploy: false,
    label: 'broken',
    env: { WARDEN_DATABASE_URL: '' },
  } as const;
  await expect(startServices(stack, options)).rejects.toMatchObject({
    code: 'part-died',
    message: expect.stringMatching(/projector ended with code \d+\..*projector-broken\.log/s) as string,
  });
});

it('says why the topic could not be deployed', async () => {
  const nowhere = { ...stack, registryUrl: 'http://127.0.0.1:1/apis/ccompat/v7' };
  await expect(startServices(nowhere, { names: [] })).rejects.toMatchObject({ code: 'deploy-failed' });
});
