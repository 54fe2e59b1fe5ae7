import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { deployTopic } from '@profile-warden/kafka';
import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import { expect, it } from 'vitest';
import { accountDatabase } from './account-database.fixture.ts';

const MAIN = fileURLToPath(new URL('./main.ts', import.meta.url));

const start = (env: Readonly<Record<string, string>>): ChildProcess =>
  spawn(process.execPath, [MAIN], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });

/** The address in the line that says so. */
async function listening({ stdout }: ChildProcess): Promise<string> {
  if (stdout === null) throw new Error('the service has no output');
  for await (const line of createInterface({ input: stdout })) {
    const [address] = /http:\/\/127\.0\.0\.1:\d+/.exec(line) ?? [];
    if (address !== undefined) return address;
  }
  throw new Error('the service ended before it listened');
}

it('serves, and ends in order when it is told to', async () => {
  await using database = await accountDatabase();
  await database.lease('p', 4);
  const { brokers, registryUrl } = parts();
  const topic = freshTopicName();
  await deployTopic({ connection: { brokers, clientId: 'spec' }, registryUrl, topic, partitionCount: 1 });
  const service = start({
    ...database.env,
    DATABASE_URL: database.url,
    WARDEN_BROKERS: brokers.join(','),
    WARDEN_REGISTRY_URL: registryUrl,
    WARDEN_TOPIC: topic,
    WARDEN_PARTITIONS: '1',
  });
  try {
    const address = await listening(service);
    const answer = await fetch(`${address}/accounts/p/postings`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: 4, amount: 1 }),
    });
    expect(await answer.json()).toEqual({ profileId: 'p', balance: 101 });
    const ended = once(service, 'exit');
    service.kill('SIGTERM');
    expect(await ended).toEqual([0, null]);
  } finally {
    service.kill('SIGKILL');
  }
});

it('names what it was not told', async () => {
  const service = start({});
  let said = '';
  service.stderr?.on('data', (chunk: Buffer) => (said += chunk.toString()));
  expect(await once(service, 'close')).toEqual([2, null]);
  expect(said).toBe('account-writer: DATABASE_URL is not set\n');
});
