import { readFileSync, symlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { describeWith } from '@profile-warden/testkit/parts';
import { afterEach, beforeEach, expect, it } from 'vitest';
import { settle } from '../memory-log.fixture.ts';
import {
  BrowserBench,
  CHROMIUM,
  FIREFOX,
  LoginSite,
  isAlive,
  type BrowserUnderTest,
} from './browser-bench.fixture.ts';
import type { BrowserEnding } from './browser-profile.ts';

/** Of nobody: above every pid. */
const NO_PID = 2 ** 30;

let site: LoginSite;
let at: BrowserBench;
let endings: BrowserEnding[];
const onEnded = (ending: BrowserEnding): unknown => endings.push(ending);
const withBrowser = (browser: BrowserUnderTest, tests: () => void): void => {
  describeWith(browser.program, `${browser.kind}, as withBrowserProfile runs it`, () => {
    beforeEach(async () => {
      site = await LoginSite.open();
      at = await BrowserBench.of(browser);
      endings = [];
    });
    afterEach(async () => {
      await at[Symbol.asyncDispose]();
      await site.close();
    });
    tests();
  });
};
/** What the release says about the browser when the caller says nothing. */
const released = async (release: () => Promise<unknown>): Promise<unknown> => {
  void release();
  await settle();
  return at.bench.log.of('ReleaseRequested').at(-1)?.browserClosed;
};

for (const browser of [CHROMIUM, FIREFOX])
  withBrowser(browser, () => {
    it('is on the leased directory, answers heartbeats, and saves its cookies when it is closed behind the work', async () => {
      const first = await at.lease();
      await browser.run(first, { onEnded }, async (page) => {
        expect(isAlive(at.lockPid)).toBe(true);
        await page.goto(site.url);
        await at.bench.clock.advance(10_000);
        await expect.poll(() => at.bench.log.of('Heartbeat').at(-1)?.browser).toBe('reachable');
      });
      expect(endings).toEqual([{ how: 'closed', confirmed: true, pid: endings[0]?.pid }]);
      expect(isAlive(endings[0]?.pid ?? 0)).toBe(false);
      await at.bench.clock.advance(10_000);
      expect(at.bench.log.of('Heartbeat').at(-1)?.browser).toBe('closed');
      expect(await released(() => first.release())).toBe('confirmed');
      await browser.run(await at.lease(), {}, (page) => page.goto(site.url));
      expect(site.visits).toEqual(['', 'session=kept']);
    });

    it('is not started beside a browser of somebody else, which goes on', async () => {
      const stranger = await at.stranger();
      const lock = at.lockTarget;
      const lease = await at.lease();
      let calls = 0;
      const run = browser.run(lease, { onEnded }, () => Promise.resolve((calls += 1)));
      await expect(run).rejects.toMatchObject({
        code: 'profile-in-use',
        pid: stranger.pid,
        host: hostname(),
        directory: at.directory,
        nextAction: `see which lease started pid ${String(stranger.pid)}, let it end in order, and call again`,
      });
      expect(calls).toBe(0);
      expect(at.lockTarget).toBe(lock);
      expect(isAlive(stranger.pid ?? 0)).toBe(true);
      // Somebody must look: it is not this lease's browser that is there.
      expect(await released(() => lease.release())).toBe('unconfirmed');
    });

    it('is not started over the lock of another host, which stays', async () => {
      const target = browser.lockTarget('192.0.2.7', 77);
      symlinkSync(target, join(at.directory, browser.lock));
      const run = browser.run(await at.lease(), {}, () => Promise.resolve());
      await expect(run).rejects.toMatchObject({
        code: 'profile-in-use',
        pid: 77,
        host: '192.0.2.7',
        nextAction: 'make sure that no browser has it open there, and only then remove that lock by hand',
      });
      expect(at.lockTarget).toBe(target);
    });

    it('takes over by itself the lock that a dead process of this host has left', async () => {
      const host = browser.kind === 'chromium' ? hostname() : '127.0.0.1';
      symlinkSync(browser.lockTarget(host, NO_PID), join(at.directory, browser.lock));
      await browser.run(await at.lease(), { onEnded }, () => {
        expect(at.lockPid).not.toBe(NO_PID);
        return Promise.resolve();
      });
      expect(endings).toMatchObject([{ how: 'closed', confirmed: true }]);
    });

    it('is seen to crash: the work gets the error of the driver, and the release confirms the end', async () => {
      const lease = await at.lease();
      const run = browser.run(lease, { onEnded }, async (page) => {
        process.kill(at.lockPid, 'SIGKILL');
        await expect.poll(() => endings.length, { timeout: 20_000 }).toBe(1);
        await page.goto(site.url);
      });
      await expect(run).rejects.not.toMatchObject({ name: 'AssertionError' });
      expect(endings).toMatchObject([{ how: 'crashed', confirmed: true }]);
      expect(await released(() => lease.release())).toBe('confirmed');
    });

    it('is closed in order when the lease is lost, whatever the work still waits for', async () => {
      const lease = await at.lease();
      const visited = Promise.withResolvers<undefined>();
      const run = browser.run(lease, { onEnded }, async (page) => {
        await page.goto(site.url);
        visited.resolve(undefined);
        await new Promise(() => undefined);
      });
      await Promise.race([visited.promise, run]);
      at.bench.authority.quarantine('p1', lease.token);
      await expect(run).rejects.toMatchObject({ code: 'lease-lost', lossCause: 'quarantined' });
      expect(endings).toMatchObject([{ how: 'closed', confirmed: true }]);
      expect(await released(() => lease.release({ outcome: 'failed' }))).toBe('confirmed');
      await browser.run(await at.lease(), {}, (page) => page.goto(site.url));
      expect(site.visits).toEqual(['', 'session=kept']);
    });

    it('is killed where it does not close in time', async () => {
      await browser.run(await at.lease(), { onEnded, closeTimeoutMs: 500 }, () => {
        process.kill(at.lockPid, 'SIGSTOP');
        return Promise.resolve();
      });
      expect(endings).toMatchObject([{ how: 'killed', confirmed: true }]);
      expect(isAlive(endings[0]?.pid ?? 0)).toBe(false);
    });

    it('is closed by a release in the middle of the work, and may be followed by another one', async () => {
      const lease = await at.lease();
      await browser.run(lease, { onEnded }, () => Promise.resolve());
      const run = browser.run(lease, { onEnded }, async (page) => {
        await expect(browser.run(lease, {}, () => Promise.resolve())).rejects.toMatchObject({
          code: 'browser-open',
        });
        void lease.release();
        await expect.poll(() => endings.length, { timeout: 20_000 }).toBe(2);
        await page.goto(site.url);
      });
      await expect(run).rejects.not.toMatchObject({ name: 'AssertionError' });
      expect(endings[1]).toMatchObject({ how: 'closed', confirmed: true });
      await expect
        .poll(() => at.bench.log.of('ReleaseRequested'))
        .toMatchObject([{ browserClosed: 'confirmed' }]);
    });

    it('that cannot be started leaves the profile to the release', async () => {
      const lease = await at.lease();
      const run = browser.run(lease, { onEnded }, () => Promise.resolve(), '/bin/false');
      await expect(run).rejects.toMatchObject({ code: 'browser-not-started' });
      expect(await released(() => lease.release())).toBe('confirmed');
    });
  });

withBrowser(CHROMIUM, () => {
  it('is ended where it opened another directory than the leased one', async () => {
    const other = join(at.folder, 'other');
    const lease = await at.lease();
    const run = CHROMIUM.run(lease, {}, () => Promise.resolve(), at.wrapper(other));
    await expect(run).rejects.toMatchObject({ code: 'wrong-profile' });
    expect(readFileSync(join(other, 'Local State'), 'utf8')).not.toBe('');
    expect(await released(() => lease.release())).toBe('unconfirmed');
  });

  it('is offline while the lease is paused', async () => {
    const lease = await at.lease();
    await CHROMIUM.run(lease, {}, async (page) => {
      at.bench.log.fail('lost', ({ type }) => type === 'Heartbeat', 1_000);
      await at.bench.clock.advance(95_000);
      expect(lease.paused).toBe(true);
      await expect.poll(() => page.evaluate('navigator.onLine')).toBe(false);
    });
  });
});
