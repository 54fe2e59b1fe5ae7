import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { settle } from '../memory-log.fixture.ts';
import type { Lease } from '../lease.ts';
import { BrowserBench, CHROMIUM } from './browser-bench.fixture.ts';
import { withBrowserProfile } from './with-browser-profile.ts';

let at: BrowserBench;
let lease: Lease;
let launches: unknown[];

/** Stands where Playwright stands, and starts nothing. */
const chromium = {
  launchPersistentContext: (directory: string, launch?: object): Promise<never> => {
    launches.push({ directory, launch });
    return Promise.reject(new Error('no browser here'));
  },
};
const run = (options: object, of: Lease = lease): Promise<unknown> =>
  withBrowserProfile(of, { chromium, ...options }, () => undefined);

beforeEach(async () => {
  at = await BrowserBench.of(CHROMIUM);
  lease = await at.lease();
  launches = [];
});
afterEach(() => at[Symbol.asyncDispose]());

describe('withBrowserProfile', () => {
  it.each([
    ['launch.userDataDir', { launch: { userDataDir: '/tmp/other' } }],
    ['launch.args', { launch: { args: ['--headless', '--user-data-dir=/tmp/other'] } }],
    ['launch.args', { launch: { args: ['-profile', '/tmp/other'] } }],
    ['launch.args', { launch: { args: ['-P', 'other'] } }],
    ['launch', { launch: 'fast' }],
    ['closeTimeoutMs', { closeTimeoutMs: 99 }],
    ['closeTimeoutMs', { closeTimeoutMs: 600_001 }],
    ['onEnded', { onEnded: 'tell' }],
    ['chromium or firefox', { chromium: undefined }],
  ])('refuses a wrong %s before anything is started', async (field, options) => {
    await expect(run(options)).rejects.toMatchObject({ code: 'invalid-input', field });
    expect(launches).toEqual([]);
  });

  it('refuses a lease without an absolute directory', async () => {
    const { bench } = at;
    await expect(run({}, await bench.lease('p2'))).rejects.toMatchObject({ field: 'profileDirectory' });
    expect(launches).toEqual([]);
  });

  it('launches on the leased directory, leaves signals to the worker, and takes what else the caller wants', async () => {
    await expect(run({ launch: { headless: true, handleSIGHUP: true } })).rejects.toMatchObject({
      code: 'browser-not-started',
      cause: { message: 'no browser here' },
    });
    const launch = { headless: true, handleSIGINT: false, handleSIGTERM: false, handleSIGHUP: true };
    expect(launches).toEqual([{ directory: at.directory, launch }]);
  });

  it('starts nothing under a lease that is lost or given back', async () => {
    at.bench.authority.quarantine('p1', lease.token);
    await settle();
    await expect(run({})).rejects.toMatchObject({ code: 'lease-lost' });
    const other = await at.lease();
    void other.release({ browserClosed: 'confirmed' });
    await settle();
    await expect(run({}, other)).rejects.toMatchObject({ code: 'lease-ended' });
    expect(launches).toEqual([]);
  });

  it('waits until a paused lease may act again', async () => {
    const { log, clock } = at.bench;
    log.fail('lost', ({ type }) => type === 'Heartbeat');
    await clock.advance(95_000);
    expect(lease.paused).toBe(true);
    const waiting = run({});
    waiting.catch(() => undefined);
    await settle();
    expect(launches).toEqual([]);
    log.heal();
    await clock.advance(10_000);
    await expect(waiting).rejects.toMatchObject({ code: 'browser-not-started' });
    expect(launches).toHaveLength(1);
  });
});
