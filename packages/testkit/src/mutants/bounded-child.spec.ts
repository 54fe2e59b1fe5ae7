import { once } from 'node:events';
import { createServer, type AddressInfo, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runBounded } from './bounded-child.ts';

const never = new AbortController().signal;
const run = (script: string, msMax: number, signal = never) =>
  runBounded(['--eval', script], { cwd: import.meta.dirname, env: process.env, msMax, signal });

describe('a child with a bound', () => {
  /** Grandchildren connect to it: a connection that ends tells of a death where a pid may be a zombie's. */
  const server = createServer();
  const arrivals: Promise<Socket>[] = [];
  beforeAll(async () => {
    await once(server.listen(0, '127.0.0.1'), 'listening');
  });
  afterAll(() => server.close());

  /** Starts a child of its own that never ends, and goes on once that is connected. */
  const parent = (then: string): string => {
    const { port } = server.address() as AddressInfo;
    arrivals.push(once(server, 'connection').then(([socket]) => socket as Socket));
    const grandchild = `
      const socket = require('node:net').connect(${port}, '127.0.0.1', () => console.log('connected'));
      setInterval(() => {}, 1e6);`;
    return `
      const { spawn } = require('node:child_process');
      const child = spawn(process.execPath, ['--eval', ${JSON.stringify(grandchild)}]);
      child.stdout.once('data', () => { ${then} });`;
  };
  const death = async (): Promise<void> => {
    const socket = await arrivals.shift();
    socket?.on('error', () => undefined).resume();
    if (socket?.closed === false) await once(socket, 'close');
  };

  it('tells how it ended and what it said', async () => {
    expect(await run('console.log("so"); process.exitCode = 3', 10_000)).toEqual({
      code: 3,
      isLate: false,
      output: 'so\n',
    });
  });

  it('is ended by the signal, with what it has started', async () => {
    const interrupted = new AbortController();
    const script = parent('');
    void arrivals[0]?.then(() => interrupted.abort());
    expect(await run(script, 60_000, interrupted.signal)).toMatchObject({ code: null, isLate: false });
    await death();
  });

  it('leaves nothing behind when it ends by itself', async () => {
    expect(await run(parent('process.exit(0)'), 60_000)).toMatchObject({ code: 0, isLate: false });
    await death();
  });

  it('is ended at its bound', async () => {
    expect(await run('setInterval(() => {}, 1e6)', 300)).toMatchObject({ code: null, isLate: true });
  });
});
