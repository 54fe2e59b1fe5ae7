import { rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BROWSERS, type RunningBrowser } from './browser.fixture.ts';
import { outcomeOf, report } from './case.fixture.ts';
import { ended, giveAway, goneWorker, mayChoosePids, startWorker } from './holder.fixture.ts';
import { Profiles } from './profile.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const GONE = { workerAlive: { value: 'no' }, browserAlive: { value: 'no' } };
const LOCKS = { chromium: 'SingletonLock', firefox: 'lock' };
const FOREIGN = { chromium: 'other-host-4242', firefox: '203.0.113.7:+4242' };

async function killed(running: RunningBrowser): Promise<void> {
  running.signal('SIGKILL');
  await running.ended();
}

for (const browser of [BROWSERS.CHROMIUM, BROWSERS.FIREFOX]) {
  const { kind } = browser;

  withBrowser(browser, `who holds a profile of ${browser.name}`, () => {
    let profiles: Profiles;
    beforeAll(async () => {
      profiles = await Profiles.of(browser);
    });
    afterAll(async () => profiles[Symbol.asyncDispose]());

    it('C01 C21 is open when the lock names another host', async () => {
      const directory = profiles.used();
      rmSync(join(directory, LOCKS[kind]), { force: true });
      symlinkSync(FOREIGN[kind], join(directory, LOCKS[kind]));
      const outcome = await outcomeOf({ browser: kind, directory, worker: await goneWorker() });
      report(`${browser.name}, lock of a foreign host`, outcome);
      expect(outcome.findings).toMatchObject({
        workerAlive: { value: 'no' },
        browserAlive: { value: 'unknown' },
        lockTarget: FOREIGN[kind],
      });
      expect(outcome.findings.browserAlive.how).toContain('foreign-host-lock');
      expect(outcome.decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-unknown' });
      expect(outcome.decision.reasons.join()).toContain('foreign-host-lock');
    });

    it('C17 is nobody when strangers have the pids of worker and browser', async ({ skip }) => {
      if (!mayChoosePids) skip('needs the right to choose a pid');
      const directory = profiles.used();
      const worker = await goneWorker();
      await using running = await profiles.start(directory);
      await killed(running);
      await using _first = await giveAway(worker.pid);
      await using _second = await giveAway(running.pid);
      const outcome = await outcomeOf({ browser: kind, directory, worker });
      report(`${browser.name}, pids reused by strangers`, outcome);
      expect(outcome.findings).toMatchObject(GONE);
      expect(outcome.findings.workerAlive.how).toContain('pid-reused');
      expect(outcome.findings.lockTarget).toContain(String(running.pid));
      expect(outcome.decision).toMatchObject({ outcome: 'resume-pending', rule: 'safe-checkpoint' });
    });

    it('C14 is the worker while it lives, whatever became of its browser', async () => {
      const directory = profiles.used();
      const { child, identity } = await startWorker();
      try {
        await using running = await profiles.start(directory);
        await killed(running);
        const outcome = await outcomeOf({ browser: kind, directory, worker: identity });
        report(`${browser.name}, worker lives on`, outcome);
        expect(outcome.findings).toMatchObject({
          workerAlive: { value: 'yes' },
          browserAlive: { value: 'no' },
        });
        expect(outcome.decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-alive' });
      } finally {
        await ended(child);
      }
    });

    it('C03 is two when a second root came in past a lock that somebody had removed', async () => {
      const directory = profiles.used();
      const worker = await goneWorker();
      await using _first = await profiles.start(directory);
      for (const name of ['SingletonLock', 'SingletonSocket', 'SingletonCookie', 'lock', '.parentlock'])
        rmSync(join(directory, name), { force: true });
      await using _second = await profiles.start(directory);
      const outcome = await outcomeOf({ browser: kind, directory, worker });
      report(`${browser.name}, second root on the directory`, outcome);
      expect(outcome.findings).toMatchObject({
        browserAlive: { value: 'yes' },
        secondRoot: { value: 'yes' },
      });
      expect(outcome.decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-alive' });
    });

    it('is a stranger when a browser of this boot is on the profile of a lease of an earlier one', async () => {
      const directory = profiles.used();
      const worker = { ...(await goneWorker()), bootId: 'an-earlier-boot' };
      await using _running = await profiles.start(directory);
      const outcome = await outcomeOf({ browser: kind, directory, worker });
      report(`${browser.name}, root of a later boot`, outcome);
      expect(outcome.findings).toMatchObject({ ...GONE, secondRoot: { value: 'yes' } });
      expect(outcome.decision).toMatchObject({ outcome: 'manual-review', rule: 'dual-writer' });
    });
  });
}

withBrowser(BROWSERS.HEADLESS_SHELL, 'a headless shell', () => {
  let profiles: Profiles;
  beforeAll(async () => {
    profiles = await Profiles.of(BROWSERS.HEADLESS_SHELL);
  });
  afterAll(async () => profiles[Symbol.asyncDispose]());

  it('C06 is found although it writes no lock, and known for gone when it is', async () => {
    const directory = profiles.used();
    const worker = await goneWorker();
    await using running = await profiles.start(directory);
    const alive = await outcomeOf({ browser: 'chromium', directory, worker });
    report('headless shell without a lock, alive', alive);
    expect(alive.findings).toMatchObject({ browserAlive: { value: 'yes' }, lockTarget: null });
    expect(alive.decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-alive' });

    await killed(running);
    const gone = await outcomeOf({ browser: 'chromium', directory, worker });
    report('headless shell without a lock, killed', gone);
    expect(gone.findings).toMatchObject({ ...GONE, lockTarget: null });
  });
});
