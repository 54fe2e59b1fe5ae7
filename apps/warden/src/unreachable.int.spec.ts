import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runWarden, wardenFixture, type WardenFixture } from './warden.fixture.ts';

const MAIN = fileURLToPath(new URL('main.ts', import.meta.url));
const BOUND_MS = 15_000;

/** Takes connections and never answers. */
const silent = createServer((socket) => sockets.add(socket));
const sockets = new Set<Socket>();
let fixture: WardenFixture;
let silentAddress: string;
let closedAddress: string;

const listening = async (server: Server): Promise<string> => {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return `127.0.0.1:${(server.address() as AddressInfo).port}`;
};

beforeAll(async () => {
  fixture = await wardenFixture(1);
  silentAddress = await listening(silent);
  const gone = createServer();
  closedAddress = await listening(gone);
  gone.close();
});
afterAll(async () => {
  for (const socket of sockets) socket.destroy();
  silent.close();
  await fixture.close();
});

// At once: each of them does nothing but wait.
describe.concurrent('where something is away, a command', () => {
  it.each([
    ['brokers', 'refuse', 'broker-unreachable'],
    ['brokers', 'stay silent', 'broker-unreachable'],
    ['registry', 'refuse', 'registry-unreachable'],
    ['registry', 'stay silent', 'registry-timeout'],
    ['database', 'refuse', 'database-unreachable'],
    ['database', 'stay silent', 'database-unreachable'],
  ])('whose %s %s fails in time and names the address', async (part, how, failure) => {
    const address = how === 'refuse' ? closedAddress : silentAddress;
    const change = {
      brokers: ['--brokers', address],
      registry: ['--registry-url', `http://${address}/apis/ccompat/v7`],
      database: ['--database-url', `postgres://warden:secret@${address}/warden`],
    }[part] as string[];
    const ran = await runWarden(['reviews', ...change], fixture.env);
    expect(ran.err).toMatch(new RegExp(`^${failure}: `));
    expect(ran.err).toContain(address);
    expect(ran.err).not.toContain('secret');
    expect(ran.code).toBe(1);
    expect(ran.tookMs).toBeLessThan(BOUND_MS);
  });

  it('shows a profile although the read model is away', async () => {
    await fixture.bringToReview('p1');
    const database = ['--database-url', `postgres://warden@${closedAddress}/warden`];
    const ran = await runWarden(['profile', 'p1', ...database], fixture.env);
    expect(ran.code).toBe(0);
    expect(ran.out.join('\n')).toContain(`not reachable: the read model at ${closedAddress}`);
  });

  it('names the count of partitions that the topic has', async () => {
    const ran = await runWarden(['reviews', '--partitions', '3'], fixture.env);
    expect(ran).toMatchObject({ code: 1 });
    expect(ran.err).toContain('has 1 partitions, 3 are configured');
  });

  it('ends its process, even where a broker keeps the sockets open', async () => {
    const startedAt = performance.now();
    const child = spawn(process.execPath, [MAIN, 'timeline', 'p1', '--brokers', silentAddress], {
      env: { ...process.env, ...fixture.env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let err = '';
    child.stderr.on('data', (chunk: Buffer) => (err += chunk.toString()));
    const [code] = (await once(child, 'close')) as [number];
    expect(err).toContain(silentAddress);
    expect(code).toBe(1);
    expect(performance.now() - startedAt).toBeLessThan(BOUND_MS + 2_000);
  });
});
