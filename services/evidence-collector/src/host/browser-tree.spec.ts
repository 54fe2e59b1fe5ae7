import { lookAtProcess } from '@profile-warden/browser-host';
import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  bootId,
  endProcess,
  makeChromiumProfile,
  nobodyElse,
  pidNamespace,
  pidOf,
  requestFor,
  startOf,
  startPerl,
  startSleeper,
} from './host-fixture.ts';
import { lookAtHost } from './host-look.ts';
import type { HostRequest } from './request.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

describe('who is on the directory', () => {
  let folder: string;
  let profile: string;
  let children: ChildProcess[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'browser-tree-'));
    profile = join(folder, 'profile');
    makeChromiumProfile(profile);
    children = [];
  });
  afterEach(async () => {
    for (const child of children) await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  });

  async function start(args: readonly string[], code?: string): Promise<ChildProcess> {
    const child = await startSleeper(args, code);
    children.push(child);
    return child;
  }
  const look = (changes: Partial<HostRequest> = {}) => lookAtHost(requestFor(profile, changes), never);
  const workerAt = (child: ChildProcess) => ({
    pid: pidOf(child),
    processStart: startOf(pidOf(child)),
    pidNamespace,
  });

  it('C07 C09 finds a browser that outlived its worker, with or without a lock', async () => {
    await start([`--user-data-dir=${profile}`]);
    const found = await look();
    expect(found).toMatchObject({ workerAlive: { value: 'no' }, browserAlive: { value: 'yes' } });
    expect(found.secondRoot.value).toBe(nobodyElse);
    expect(found.lockTarget).toBeNull();
  });

  it('finds a browser that was given the directory as two words, or as a path with dots', async () => {
    const child = await start(['--profile', profile]);
    expect((await look({ browserKind: 'firefox' })).browserAlive.value).toBe('yes');
    await endProcess(child);
    await start([`--user-data-dir=${folder}/x/../profile/`]);
    expect((await look()).browserAlive.value).toBe('yes');
  });

  it('C06 finds a browser by the files it has open, also over a link to the directory', async () => {
    symlinkSync(profile, join(folder, 'link'));
    await start([], `require('fs').openSync(${JSON.stringify(join(folder, 'link/Default/History'))}, 'r+')`);
    const found = await lookAtHost(requestFor(join(folder, 'link')), never);
    expect(found.browserAlive).toMatchObject({ value: 'yes' });
    expect(found.browserAlive.how).toContain('has files of it open');
  });

  it('leaves open what a process that only reads there is', async () => {
    await start([], `require('fs').openSync(${JSON.stringify(join(profile, 'Default/History'))}, 'r')`);
    const { browserAlive, secondRoot } = await look();
    expect(browserAlive.value).toBe('unknown');
    expect(browserAlive.how).toContain('reads files of it');
    expect(secondRoot.value).toBe('unknown');
  });

  it('takes no process of another directory, not even of one whose name begins alike', async () => {
    await start([`--user-data-dir=${profile}-2`]);
    await start([], `require('fs').openSync(${JSON.stringify(`${profile}-2`)}, 'w')`);
    expect((await look()).browserAlive.value).toBe('no');
  });

  it('asks nothing about a process that reads there below one that is known to be on it', async () => {
    const file = JSON.stringify(join(profile, 'Default/History'));
    const reader = `require('child_process').spawn('tail', ['-f', ${file}])`;
    await start(
      [`--user-data-dir=${profile}`],
      `const child = ${reader}; process.on('exit', () => child.kill())`,
    );
    await wait(300);
    const { secondRoot } = await look();
    expect(secondRoot.value).toBe(nobodyElse);
    expect(secondRoot.how).not.toContain('reads files');
  });

  it('sees two roots, and does not take a child for one', async () => {
    const nested = `require('child_process').spawn(process.execPath,
      ['-e', 'setTimeout(() => 0, 9000)', '--', '--type=renderer', ${JSON.stringify(`--user-data-dir=${profile}`)}])`;
    await start(
      [`--user-data-dir=${profile}`],
      `const child = ${nested}; process.on('exit', () => child.kill())`,
    );
    expect((await look()).secondRoot.value).toBe(nobodyElse);
    const second = await start([`--user-data-dir=${profile}`]);
    const { secondRoot } = await look();
    expect(secondRoot).toMatchObject({ value: 'yes' });
    expect(secondRoot.how).toContain(`pid ${pidOf(second)}`);
  });

  it('looks a third time when the browser ends between the looks', async () => {
    const browser = await start([`--user-data-dir=${profile}`]);
    let gaps = 0;
    const found = await look({
      sleep: async () => {
        gaps++;
        mkdirSync(join(profile, 'last-breath'), { recursive: true });
        await endProcess(browser);
      },
    });
    expect(gaps).toBe(2);
    expect(found).toMatchObject({ browserAlive: { value: 'no' }, changedBetweenLooks: { value: 'no' } });
  });

  it('knows the worker by pid and start, and a reused pid as a stranger (C17 C19)', async () => {
    const child = await start([]);
    const worker = workerAt(child);
    expect((await look({ worker })).workerAlive.value).toBe('yes');
    const stranger = await look({ worker: { ...worker, processStart: worker.processStart - 100 } });
    expect(stranger.workerAlive).toMatchObject({ value: 'no' });
    expect(stranger.workerAlive.how).toContain('pid-reused');
    const noStart = await look({ worker: { ...worker, processStart: 0 } });
    expect(noStart.workerAlive.value).toBe('unknown');
    const elsewhere = await look({ worker: { ...worker, pidNamespace: 'pid:[1]' } });
    expect(elsewhere).toMatchObject({
      workerAlive: { value: 'unknown' },
      browserAlive: { value: 'unknown' },
    });
    await endProcess(child);
    expect((await look({ worker })).workerAlive.value).toBe('no');
  });

  it('takes a stopped worker for alive and a zombie for dead', async () => {
    const child = await start([]);
    child.kill('SIGSTOP');
    const worker = workerAt(child);
    expect((await look({ worker })).workerAlive.value).toBe('yes');
    // A shell that became `sleep` never waits for the child it had before.
    const parent = spawn('sh', ['-c', 'sleep 0.1 & echo $!; exec sleep 30'], {
      stdio: ['ignore', 'pipe', 'ignore'],
    });
    children.push(parent);
    const pid = Number(
      await new Promise<string>((resolve) => parent.stdout.once('data', (d) => resolve(String(d)))),
    );
    await new Promise((resolve) => setTimeout(resolve, 300));
    const zombie = { pid, processStart: startOf(pid), pidNamespace };
    expect(zombie.processStart).toBeGreaterThan(0);
    const { workerAlive } = await look({ worker: zombie });
    expect(workerAlive).toMatchObject({ value: 'no', how: `pid ${pid} is dead, state Z` });
  });

  it('leaves open a worker and a browser that are stuck in the kernel', async () => {
    // clone(CLONE_VFORK | SIGCHLD): the parent waits in the kernel for a child that never starts a program.
    const number = { x64: 56, arm64: 220 }[process.arch as 'x64' | 'arm64'];
    const program = `print 'ready'; my $parent = $$;
      if (syscall(${number}, 0x4011, 0, 0, 0, 0) == 0) {
        $0 = 'child'; close STDOUT; close STDERR;
        for (1 .. 60) { getppid() == $parent or exit; sleep 1 }
      }`;
    const { child: stuck } = await startPerl(program, `--user-data-dir=${profile}`);
    children.push(stuck);
    await vi.waitFor(() => expect(lookAtProcess(pidOf(stuck))).toMatchObject({ state: 'D' }), 5_000);
    const { browserAlive, workerAlive } = await look({ worker: workerAt(stuck) });
    expect(workerAlive).toMatchObject({ value: 'unknown' });
    expect(workerAlive.how).toContain('is stuck in the kernel, state D');
    expect(browserAlive).toMatchObject({ value: 'no' });
    expect((await look()).browserAlive).toMatchObject({ value: 'unknown' });
  });

  it('does not take a worker for a browser because the directory is among its arguments', async () => {
    const child = await start([`--user-data-dir=${profile}`]);
    const found = await look({ worker: workerAt(child) });
    expect(found).toMatchObject({ workerAlive: { value: 'yes' }, browserAlive: { value: 'no' } });
  });

  it('finds a browser of another kind as a child of the worker that stands in the directory', async () => {
    const code = `const child = require('child_process').spawn('sleep', ['30'], { cwd: ${JSON.stringify(profile)} });
      process.on('exit', () => child.kill())`;
    const worker = await start([], code);
    const found = await look({ worker: workerAt(worker), browserKind: 'other' });
    expect(found.browserAlive).toMatchObject({ value: 'yes' });
    expect((await look({ worker: workerAt(worker) })).browserAlive.value).toBe('no');
  });

  it('holds worker and browser for gone after another boot, and whoever is there now for a second root', async () => {
    const child = await start([`--user-data-dir=${profile}`]);
    const found = await look({ leaseBootId: 'another', worker: workerAt(child) });
    expect(found).toMatchObject({
      sameBoot: { value: 'no' },
      workerAlive: { value: 'no' },
      browserAlive: { value: 'no' },
      secondRoot: { value: 'yes' },
    });
    expect(found.workerAlive.how).toContain(`other boot: boot id ${bootId}`);
  });
});
