import { startServices, type Services } from '@profile-warden/devstack';
import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it, vi } from 'vitest';

vi.setConfig({ testTimeout: 120_000 });

const SAID = '"no-stand-in"';
const folders: string[] = [];
const running: Services[] = [];
afterAll(async () => {
  await Promise.all(running.map((services) => services.stop()));
  for (const folder of folders) await rm(folder, { recursive: true, force: true });
});

async function collector(topic: string, scope: 'host' | 'any', deploy: boolean): Promise<string> {
  const logDir = await mkdtemp(join(tmpdir(), 'stand-in-'));
  folders.push(logDir);
  const name = 'evidence-collector';
  const env = { WARDEN_FENCE_TARGETS: '' };
  const options = {
    names: [name],
    topic,
    cluster: topic,
    hostId: `host-${scope}`,
    scope,
    deploy,
    logDir,
    env,
  } as const;
  const services = await startServices(parts(), options);
  running.push(services);
  return services.of(name).logFile;
}

it('a collector of a host says that none speaks for lost hosts, and only where none does', async () => {
  const [alone, together] = [freshTopicName(), freshTopicName()];
  await collector(together, 'any', true);
  const accompanied = await collector(together, 'host', false);
  const lonely = await collector(alone, 'host', true);
  await vi.waitFor(async () => expect(await readFile(lonely, 'utf8')).toContain(SAID), {
    timeout: 60_000,
    interval: 500,
  });
  // It was started first, and has had its turn.
  expect(await readFile(accompanied, 'utf8')).not.toContain(SAID);
});
