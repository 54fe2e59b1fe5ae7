import { spawn, type ChildProcess } from 'node:child_process';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { endProcess, makeChromiumProfile, requestFor, startSleeper } from './host-fixture.ts';
import type { HostFindings, HostRequest } from './request.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 30_000 });

// Root reads everything, so a collector without rights has to be a process of somebody else.
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const asRoot: (name: string, tests: () => void) => void = isRoot
  ? describe
  : (name) => {
      it(name, ({ skip }) => skip('only root can start a collector of another user'));
    };

/** Looks as nobody; the copies folder then lies in the system's own temporary folder. */
async function lookAsNobody(folder: string, request: HostRequest): Promise<HostFindings> {
  const program = join(folder, 'look.ts');
  const source = pathToFileURL(join(import.meta.dirname, 'index.ts')).href;
  writeFileSync(
    program,
    `import { lookAtHost } from ${JSON.stringify(source)};
     const request = ${JSON.stringify(request)};
     const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));
     const found = await lookAtHost({ ...request, now: () => 1, sleep }, AbortSignal.timeout(30_000));
     process.stdout.write(JSON.stringify(found));`,
  );
  const child = spawn(process.execPath, [program], {
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
    const found = await lookAsNobody(folder, requestFor(profile));
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
  });

  it('finds a browser of another user by its arguments', async () => {
    children.push(await startSleeper([`--user-data-dir=${profile}`]));
    expect((await lookAsNobody(folder, requestFor(profile))).browserAlive.value).toBe('yes');
  });

  it('C71 leaves open a browser of another user that names no directory', async () => {
    children.push(await startSleeper([], `process.title = 'chromium'`));
    const { browserAlive } = await lookAsNobody(folder, requestFor(profile));
    expect(browserAlive.value).toBe('unknown');
    expect(browserAlive.how).toContain('cannot be looked into');
  });
});
