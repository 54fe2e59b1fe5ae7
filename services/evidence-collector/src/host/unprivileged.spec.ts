import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import {
  endProcess,
  makeChromiumProfile,
  nobodyElse,
  requestFor,
  startPerl,
  startSleeper,
  whereAllowed,
} from './host-fixture.ts';
import type { HostFindings, HostRequest } from './request.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 60_000 });

// Root reads everything, so a collector without rights has to be a process of somebody else.
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const asRoot = whereAllowed(isRoot, 'the right to start a collector of another user');

/** The folder for its copies then lies in the system's own temporary folder. */
async function lookAsNobody(request: HostRequest): Promise<HostFindings> {
  const program = join(import.meta.dirname, 'other-collector-fixture.ts');
  const child = spawn(process.execPath, [program, JSON.stringify(request)], {
    uid: NOBODY,
    gid: NOBODY,
    env: {},
    cwd: '/',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let text = '';
  child.stdout.on('data', (data) => (text += String(data)));
  await new Promise((resolve) => child.once('close', resolve));
  return JSON.parse(text) as HostFindings;
}

asRoot('a collector without rights', () => {
  let folder: string;
  let profile: string;
  const children: ChildProcess[] = [];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'unprivileged-'));
    profile = join(folder, 'profile');
    makeChromiumProfile(profile);
    chmodSync(folder, 0o755);
    chmodSync(profile, 0o700);
  });
  afterEach(async () => {
    for (const child of children.splice(0)) await endProcess(child);
    rmSync(folder, { recursive: true, force: true });
  });

  it('C71 says unknown, and never absent or broken, about a directory it may not read', async () => {
    const found = await lookAsNobody(requestFor(profile));
    for (const name of [
      'preferencesValid',
      'databasesSound',
      'cookiesKept',
      'changedBetweenLooks',
    ] as const) {
      expect([name, found[name].value]).toEqual([name, 'unknown']);
    }
    expect(found.directoryPresent.value).toBe('yes');
    expect(found.directoryBytes).toBeNull();
    expect(found.preferencesValid.how).toContain('EACCES');
    // A lock of another host may be there as well as none.
    expect(found.browserAlive).toMatchObject({
      value: 'unknown',
      how: 'whom the lock of the browser names cannot be read: EACCES',
    });
  });

  it('finds a browser of another user by its arguments', async () => {
    children.push(await startSleeper([`--user-data-dir=${profile}`]));
    expect((await lookAsNobody(requestFor(profile))).browserAlive.value).toBe('yes');
  });

  it('C06 finds a browser of another user by the locks it holds', async () => {
    chmodSync(profile, 0o755);
    const program = `open F, '+<', $ARGV[0]; flock F, 2; print 'ready'; sleep 60`;
    children.push((await startPerl(program, join(profile, 'Default/History'))).child);
    const { browserAlive } = await lookAsNobody(requestFor(profile));
    expect(browserAlive).toMatchObject({ value: 'yes' });
    expect(browserAlive.how).toContain('holds locks on files of it');
  });

  it('C71 leaves open a lock that outlives whoever took it', async ({ skip }) => {
    // In a container the kernel does not list what a process took that has ended.
    if (nobodyElse === 'unknown') skip('needs the right to be in the first pid namespace');
    chmodSync(profile, 0o755);
    // The child inherits the lock, and the kernel goes on to name the parent.
    const program = `open F, '+<', $ARGV[0]; flock F, 2; fork and exit; print $$; sleep 60`;
    const { said } = await startPerl(program, join(profile, 'Default/History'));
    try {
      const { browserAlive } = await lookAsNobody(requestFor(profile));
      expect(browserAlive).toMatchObject({ value: 'unknown' });
      expect(browserAlive.how).toContain('holds locks on files of it and cannot be seen');
    } finally {
      process.kill(Number(said), 'SIGKILL');
    }
  });

  it('C71 leaves open a browser of another user that names no directory', async () => {
    chmodSync(profile, 0o755);
    children.push(await startSleeper([], `process.title = 'chromium'`));
    const { browserAlive } = await lookAsNobody(requestFor(profile));
    expect(browserAlive.value).toBe('unknown');
    expect(browserAlive.how).toContain('cannot be looked into');
  });
});
