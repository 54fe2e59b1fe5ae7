import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import { until } from './deadline.ts';
import { Guard } from './guard-client.ts';
import { isAlive, scratch } from './scratch.ts';

// They start processes, which takes its time where other tests run as well.
vi.setConfig({ testTimeout: 30_000 });

const BOUND_MS = 20_000;
const CLIENT = new URL('./guard-client.ts', import.meta.url).href;

/** A process that owns a guard with one sleeping part, and then does what `ending` says. */
function owner(dir: string, ending: string): ReturnType<typeof spawn> {
  const program = `
    import { Guard } from '${CLIENT}';
    import { existsSync, writeFileSync } from 'node:fs';
    import { setTimeout as sleep } from 'node:timers/promises';
    const dir = ${JSON.stringify(dir)};
    const guard = new Guard();
    guard.removeAtEnd(dir + '/temporary');
    guard.runAtEnd('touch', [dir + '/last-command']);
    const { pid } = await guard.run({
      command: 'sh', args: ['-c', 'sleep 300 & echo $! > ' + dir + '/new; mv ' + dir + '/new ' + dir + '/grandchild; wait'],
      env: { PATH: process.env.PATH }, cwd: '/', logFile: dir + '/log', freshLog: true, stopSignal: 'SIGTERM',
    });
    // It appears with its content: an owner that ends at once would else end the shell between the two.
    for (let i = 0; i < 1000 && !existsSync(dir + '/grandchild'); i++) await sleep(20);
    writeFileSync(dir + '/pid', String(pid));
    ${ending}
  `;
  return spawn(process.execPath, ['--input-type=module', '-e', program], { stdio: 'ignore' });
}

async function pidIn(file: string): Promise<number> {
  const read = (): number => (existsSync(file) ? Number(readFileSync(file, 'utf8')) : 0);
  await until(() => read() > 0, BOUND_MS);
  return read();
}

const WAIT = 'setInterval(() => undefined, 1000);';

it.each([
  { how: 'by SIGKILL', ending: WAIT, signal: 'SIGKILL' },
  { how: 'by SIGTERM', ending: WAIT, signal: 'SIGTERM' },
  { how: 'by a crash', ending: 'setTimeout(() => { throw new Error("crash"); }, 300);', signal: undefined },
  { how: 'by process.exit', ending: 'setTimeout(() => process.exit(0), 300);', signal: undefined },
  { how: 'by having nothing more to do', ending: '', signal: undefined },
] as const)(
  'an owner that ends $how leaves no process and no temporary folder',
  async ({ ending, signal }) => {
    using place = scratch();
    mkdirSync(join(place.dir, 'temporary'));
    const child = owner(place.dir, ending);
    const ended = once(child, 'exit');
    const pids = [await pidIn(join(place.dir, 'pid')), await pidIn(join(place.dir, 'grandchild'))];
    for (const pid of pids) expect(pid).toBeGreaterThan(0);
    if (signal !== undefined) child.kill(signal);
    await ended;
    expect(await until(() => !pids.some(isAlive), BOUND_MS)).toBe(true);
    expect(await until(() => !existsSync(join(place.dir, 'temporary')), BOUND_MS)).toBe(true);
    expect(existsSync(join(place.dir, 'last-command'))).toBe(true);
  },
);

it('a guard that is killed leaves its parts to the owner, which ends them', async () => {
  using place = scratch();
  const guard = new Guard();
  const spec = { command: 'sleep', args: ['300'], env: { PATH: process.env['PATH'] ?? '' }, cwd: '/' };
  const part = await guard.run({
    ...spec,
    logFile: join(place.dir, 'log'),
    freshLog: true,
    stopSignal: 'SIGTERM',
  });
  const guardPid = Number(execFileSync('ps', ['-o', 'ppid=', '-p', String(part.pid)], { encoding: 'utf8' }));
  process.kill(guardPid, 'SIGKILL');
  expect(await part.exited).toEqual({ code: null, signal: 'SIGKILL' });
  expect(await until(() => !isAlive(part.pid), BOUND_MS)).toBe(true);
  await expect(
    guard.run({ ...spec, logFile: '/dev/null', freshLog: false, stopSignal: 'SIGTERM' }),
  ).rejects.toThrow(/guard of this stack has ended/);
});
