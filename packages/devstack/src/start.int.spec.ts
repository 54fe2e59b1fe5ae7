import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { afterEach, expect, it, vi } from 'vitest';
import { until } from './deadline.ts';
import { scratch } from './scratch.ts';

const START = fileURLToPath(new URL('./start.ts', import.meta.url));
const STACK = new URL('./stack-start.ts', import.meta.url).href;
const READY_BOUND_MS = 100_000;
const GONE_BOUND_MS = 30_000;
vi.setConfig({ testTimeout: 150_000 });

/** The processes whose command line names this folder, or this guard's owner. */
function processesOn(dir: string): string[] {
  const all = execFileSync('ps', ['-ewwo', 'pid=,args='], { encoding: 'utf8' }).split('\n');
  return all.filter((line) => line.includes(dir) && !line.includes('ps -ewwo'));
}

const started: ChildProcess[] = [];
// A test that fails must not leave its owner running, with a whole stack behind it.
afterEach(() => started.splice(0).forEach((child) => child.kill('SIGKILL')));

function startNode(args: string[]): ChildProcess {
  const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  started.push(child);
  return child;
}

function outputOf(child: ChildProcess): () => string {
  let text = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.on('data', (chunk: Buffer) => (text += chunk.toString()));
  return () => text;
}

it('explains itself, and refuses what it does not know', () => {
  const help = execFileSync(process.execPath, [START, '--help'], { encoding: 'utf8' });
  for (const option of ['--parts', '--stack', '--data-dir', '--port-kafka']) expect(help).toContain(option);
  for (const args of [['--port-kafka', 'many'], ['--stack', 'cloud'], ['--nonsense']]) {
    expect(() => execFileSync(process.execPath, [START, ...args], { stdio: 'pipe' })).toThrow(/See --help/);
  }
});

it('tells the addresses, waits for Ctrl-C and ends in order', async () => {
  using place = scratch();
  const args = [START, '--parts', '--stack', 'embedded', '--data-dir', place.dir];
  const start = startNode(args);
  const output = outputOf(start);
  expect(await until(() => output().includes('Ready.'), READY_BOUND_MS), output()).toBe(true);
  expect(output()).toMatch(/brokers +127\.0\.0\.1:\d+\n/);
  expect(output()).toMatch(/postgres +postgres:\/\/warden:/);
  start.kill('SIGINT');
  const [code] = (await once(start, 'exit')) as [number];
  expect(code).toBe(0);
  expect(processesOn(place.dir)).toEqual([]);
});

it('leaves nothing behind when Ctrl-C comes while it starts', async () => {
  using place = scratch();
  const args = [START, '--parts', '--stack', 'embedded', '--data-dir', place.dir];
  const start = startNode(args);
  expect(
    await until(() => processesOn(place.dir).some((line) => line.includes('java')), READY_BOUND_MS),
  ).toBe(true);
  start.kill('SIGINT');
  await once(start, 'exit');
  expect(await until(() => processesOn(place.dir).length === 0, GONE_BOUND_MS)).toBe(true);
});

it('a program that is killed with SIGKILL takes its stack along, and the temporary folder', async () => {
  const program = `
    import { startStack } from '${STACK}';
    const stack = await startStack({ kind: 'embedded', parts: ['kafka', 'postgres'] });
    console.log(JSON.stringify({ dir: stack.dataDir, parts: Object.keys(stack.parts) }));
    setInterval(() => undefined, 1000);
  `;
  const owner = startNode(['--input-type=module', '-e', program]);
  const output = outputOf(owner);
  expect(await until(() => output().endsWith('\n'), READY_BOUND_MS), output()).toBe(true);
  const { dir, parts } = JSON.parse(output()) as { dir: string; parts: string[] };
  expect(parts.sort()).toEqual(['kafka', 'postgres']);
  expect(processesOn(dir).length).toBeGreaterThan(1);
  owner.kill('SIGKILL');
  expect(await until(() => processesOn(dir).length === 0, GONE_BOUND_MS)).toBe(true);
  expect(await until(() => !existsSync(dir), GONE_BOUND_MS)).toBe(true);
});
