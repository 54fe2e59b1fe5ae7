import { spawn, type ChildProcess } from 'node:child_process';
import { cpSync, existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import {
  endProcess,
  fullListing,
  nobodyElse,
  pidNamespace,
  pidOf,
  requestFor,
  startOf,
  whereAllowed,
} from './host-fixture.ts';
import { lookAtHost } from './host-look.ts';
import type { HostRequest } from './request.ts';

const CHROMIUM = '/usr/bin/chromium';
const withChromium = whereAllowed(existsSync(CHROMIUM), CHROMIUM);

const never = new AbortController().signal;

async function until(condition: () => boolean, boundMs: number): Promise<void> {
  const endsAt = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > endsAt) throw new Error('the browser did not come so far in time');
    await wait(100);
  }
}

function startChromium(profile: string): ChildProcess {
  const options = [
    '--headless=new',
    '--no-sandbox',
    '--disable-gpu',
    '--no-first-run',
    '--remote-debugging-port=0',
  ];
  const args = [...options, `--user-data-dir=${profile}`, 'about:blank'];
  // The wrapper script of Debian becomes the browser, so its pid is the browser's.
  return spawn(CHROMIUM, args, { stdio: 'ignore', env: { ...process.env, HOME: profile } });
}

withChromium('a real Chromium profile', () => {
  let folder: string;
  let profile: string;
  let browser: ChildProcess | undefined;
  const look = (changes: Partial<HostRequest> = {}) =>
    lookAtHost(requestFor(profile, { settleMs: 500, timeLimitMs: 30_000, ...changes }), never);
  const isSaved = () =>
    ['Default/Preferences', 'Local State', 'Default/Cookies', 'Last Version'].every((name) =>
      existsSync(join(profile, name)),
    );

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'chromium-look-'));
    profile = join(folder, 'profile');
    browser = startChromium(profile);
    await until(isSaved, 40_000);
    await wait(3_000);
  });
  afterAll(async () => {
    await endProcess(browser);
    rmSync(folder, { recursive: true, force: true });
  });

  it('is found in use, as one tree, and its worker with it', async () => {
    const pid = pidOf(browser);
    const worker = { pid: process.pid, processStart: startOf(process.pid), pidNamespace };
    const found = await look({ worker });
    expect(found).toMatchObject({
      workerAlive: { value: 'yes' },
      browserAlive: { value: 'yes' },
      secondRoot: { value: nobodyElse },
      preferencesValid: { value: 'yes' },
      lockTarget: `${hostname()}-${pid}`,
    });
    expect(found.browserAlive.how).toContain(`pid ${pid} `);
    // A copy of what is being written may be torn: that is unknown, never damage.
    expect(found.databasesSound.value).not.toBe('no');
  });

  it('is found in use while the browser is stopped', async () => {
    browser?.kill('SIGSTOP');
    const found = await look();
    browser?.kill('SIGCONT');
    expect(found.browserAlive.value).toBe('yes');
  });

  it('is found sound and left after a kill, and looking changes nothing', async () => {
    await endProcess(browser);
    await wait(1_000);
    const before = fullListing(profile);
    const found = await look();
    expect(fullListing(profile)).toEqual(before);
    expect(found).toMatchObject({
      workerAlive: { value: 'no' },
      browserAlive: { value: 'no' },
      secondRoot: { value: nobodyElse },
      preferencesValid: { value: 'yes' },
      databasesSound: { value: 'yes' },
      changedBetweenLooks: { value: 'no' },
      lockTarget: `${hostname()}-${pidOf(browser)}`,
      browserVersion: readFileSync(join(profile, 'Last Version'), 'utf8'),
      exitType: 'Crashed',
    });
  });

  it('is one of two when a copy of it is in use elsewhere', async () => {
    const copy = join(folder, 'copy');
    cpSync(profile, copy, { recursive: true, verbatimSymlinks: true });
    rmSync(join(copy, 'SingletonLock'));
    browser = startChromium(copy);
    await wait(3_000);
    expect((await look()).browserAlive.value).toBe('no');
    expect((await lookAtHost(requestFor(copy, { timeLimitMs: 30_000 }), never)).browserAlive.value).toBe(
      'yes',
    );
  });
});
