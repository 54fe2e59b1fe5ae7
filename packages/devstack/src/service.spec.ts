import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { isAlive, scratch, type Scratch } from './scratch.ts';
import { Service } from './service.ts';

// They start processes, which takes its time where other tests run as well.
vi.setConfig({ testTimeout: 30_000 });

let place: Scratch;
let guard: Guard;
beforeEach(() => {
  place = scratch();
  guard = new Guard();
});
afterEach(async () => {
  await guard.end();
  place[Symbol.dispose]();
});

const SERVER = `
  import { createServer } from 'node:http';
  let asked = 0;
  const server = createServer((request, response) => {
    response.statusCode = request.url === '/readyz' && asked++ > 0 ? 200 : 503;
    response.end();
  });
  server.listen(0, '127.0.0.1', () => {
    console.log('not json, but listening');
    console.log(JSON.stringify({ level: 30, msg: 'listening', port: server.address().port }));
  });
`;

function serviceOf(program: string, readyBoundMs = 10_000): Service<'toy'> {
  const spec: ProcessSpec = {
    command: process.execPath,
    args: ['--input-type=module', '-e', program],
    env: {},
    cwd: place.dir,
    logFile: join(place.dir, 'toy.log'),
    freshLog: true,
    stopSignal: 'SIGTERM',
  };
  return new Service('toy', spec, { port: 0, guard, readyBoundMs, onDied: () => undefined });
}

it('is ready when /readyz says so, on the port that its log names', async () => {
  const service = serviceOf(SERVER);
  await service.start();
  const answer = await fetch(`http://127.0.0.1:${await service.port()}/readyz`);
  expect(answer.status).toBe(200);
});

it('tells the port of its present run after a restart', async () => {
  const service = serviceOf(SERVER);
  await service.start();
  const { pid } = service;
  await service.kill();
  expect(isAlive(pid)).toBe(false);
  await service.restart();
  expect(service.pid).not.toBe(pid);
  const answer = await fetch(`http://127.0.0.1:${await service.port()}/readyz`);
  expect(answer.status).toBe(200);
});

it('is frozen and thawed by SIGSTOP and SIGCONT without ending', async () => {
  const service = serviceOf(SERVER);
  await service.start();
  const url = `http://127.0.0.1:${await service.port()}/readyz`;
  await service.kill('SIGSTOP');
  await expect(fetch(url, { signal: AbortSignal.timeout(400) })).rejects.toThrow();
  await service.kill('SIGCONT');
  expect((await fetch(url)).status).toBe(200);
});

it('that dies before it listens says so with its log', async () => {
  await expect(
    serviceOf('console.error("WARDEN_BROKERS is missing"); process.exit(2);').start(),
  ).rejects.toThrow(/toy ended with code 2.*WARDEN_BROKERS is missing/s);
});
