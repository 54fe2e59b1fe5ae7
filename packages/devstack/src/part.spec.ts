import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { until } from './deadline.ts';
import type { DevstackError } from './error.ts';
import { Guard } from './guard-client.ts';
import { Part, type PartPlan } from './part.ts';
import { isAlive, scratch, type Scratch } from './scratch.ts';

// They start processes, which takes its time where other tests run as well.
vi.setConfig({ testTimeout: 30_000 });

describe('a part', () => {
  let place: Scratch;
  let guard: Guard;
  let deaths: DevstackError[];

  beforeEach(() => {
    place = scratch();
    guard = new Guard();
    deaths = [];
  });
  afterEach(async () => {
    await guard.end();
    place[Symbol.dispose]();
  });

  function partOf(script: string, plan: Partial<PartPlan> = {}): Part {
    const process = {
      command: 'sh',
      args: ['-c', script],
      env: { PATH: '/usr/bin:/bin' },
      cwd: place.dir,
      logFile: join(place.dir, 'part.log'),
      freshLog: true,
      stopSignal: 'SIGTERM' as const,
    };
    const isReady = (): Promise<boolean> => Promise.resolve(existsSync(join(place.dir, 'ready')));
    const whole: PartPlan = { name: 'toy', port: 1, process, isReady, readyBoundMs: 5_000, ...plan };
    return new Part(whole, guard, (error) => deaths.push(error));
  }

  it('is started when it is ready, and stopped without being mourned', async () => {
    const part = partOf('touch ready; exec sleep 60');
    await part.start();
    expect(isAlive(part.pid)).toBe(true);
    await part.stop();
    expect(isAlive(part.pid)).toBe(false);
    expect(deaths).toEqual([]);
  });

  it('that dies at its start says so with the last 20 lines of its log', async () => {
    const part = partOf('seq 1 40; echo bad setting >&2; exit 3');
    const error = await part.start().catch((caught: unknown) => caught as DevstackError);
    expect(error).toMatchObject({ code: 'part-died' });
    expect(error?.message).toMatch(/toy ended with code 3\..*\n22\n.*40\nbad setting$/s);
    expect(error?.message).not.toContain('\n21\n');
  });

  it('that does not become ready is stopped', async () => {
    const part = partOf('echo still thinking; exec sleep 60', { readyBoundMs: 300 });
    await expect(part.start()).rejects.toMatchObject({
      code: 'part-not-ready',
      message: expect.stringContaining('still thinking') as string,
    });
    expect(isAlive(part.pid)).toBe(false);
  });

  it.each([
    ['java.io.IOException: No space left on device', 'disk-full'],
    ['java.net.BindException: Address already in use', 'port-taken'],
  ])('that dies with "%s" is told as %s', async (line, code) => {
    await expect(partOf(`echo '${line}'; exit 1`).start()).rejects.toMatchObject({ code });
  });

  it('that cannot be run at all says so', async () => {
    const part = partOf('');
    part.plan.process.command = '/nowhere/program';
    await expect(part.start()).rejects.toThrow(/nowhere/);
  });

  it('that dies later is mourned once', async () => {
    const part = partOf('touch ready; exec sleep 60');
    await part.start();
    process.kill(part.pid, 'SIGKILL');
    expect(await until(() => deaths.length > 0, 5_000)).toBe(true);
    expect(deaths.map(({ code }) => code)).toEqual(['part-died']);
  });

  it('that ignores the polite signal is killed by the guard at the end', async () => {
    const part = partOf(`trap '' TERM; touch ready; while :; do sleep 1; done`);
    await part.start();
    await guard.end();
    expect(isAlive(part.pid)).toBe(false);
  });

  it('is started again after a fault that passes', async () => {
    const script =
      'echo try >> tries; [ $(wc -l < tries) -ge 3 ] || { echo passing; exit 1; }; touch ready; exec sleep 60';
    const part = partOf(script, { isPassing: (tail) => tail.includes('passing'), startCount: 5 });
    await part.start();
    expect(readFileSync(join(place.dir, 'tries'), 'utf8')).toBe('try\n'.repeat(3));
  });
});
