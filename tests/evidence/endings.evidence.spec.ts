import { afterAll, beforeAll, expect, it } from 'vitest';
import { BROWSERS, type RunningBrowser } from './browser.fixture.ts';
import { outcomeOf, report, type Outcome } from './case.fixture.ts';
import { goneWorker } from './holder.fixture.ts';
import { contentsOf, entriesOf, forgetReading, Profiles } from './profile.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const SOUND = {
  workerAlive: { value: 'no' },
  browserAlive: { value: 'no' },
  directoryPresent: { value: 'yes' },
  directorySame: { value: 'yes' },
  preferencesValid: { value: 'yes' },
  databasesSound: { value: 'yes' },
  cookiesKept: { value: 'yes' },
  changedBetweenLooks: { value: 'no' },
};

for (const browser of [BROWSERS.CHROMIUM, BROWSERS.FIREFOX]) {
  withBrowser(browser, `${browser.name}, whose worker is gone`, () => {
    let profiles: Profiles;
    beforeAll(async () => {
      profiles = await Profiles.of(browser);
    });
    afterAll(async () => profiles[Symbol.asyncDispose]());

    async function after(name: string, end: (running: RunningBrowser) => unknown): Promise<Outcome> {
      const directory = profiles.used();
      const worker = await goneWorker();
      await using running = await profiles.start(directory);
      await end(running);
      const contents = contentsOf(directory);
      forgetReading(directory);
      const entries = entriesOf(directory);
      const outcome = await outcomeOf({ browser: browser.kind, directory, worker });
      report(`${browser.name}, ${name}`, outcome);
      if (running.hasEnded) {
        expect(entriesOf(directory)).toBe(entries);
        expect(contentsOf(directory)).toBe(contents);
      }
      return outcome;
    }

    it('closed in order: sound and left, and looking changed nothing', async () => {
      const { findings, decision } = await after('closed in order', (running) => running.close());
      expect(findings).toMatchObject({ ...SOUND, exitType: 'Normal' });
      expect(decision).toMatchObject({ outcome: 'resume-pending', rule: 'safe-checkpoint' });
    });

    it('ended by SIGTERM: sound and left, and looking changed nothing', async () => {
      const { findings, decision } = await after('SIGTERM', async (running) => {
        running.signal('SIGTERM');
        await running.ended();
      });
      expect(findings).toMatchObject(SOUND);
      expect(decision).toMatchObject({ outcome: 'resume-pending', rule: 'safe-checkpoint' });
    });

    it('C80 ended by SIGKILL: sound, left with its lock, and looking changed nothing', async () => {
      const { findings, decision } = await after('SIGKILL', async (running) => {
        running.signal('SIGKILL');
        await running.ended();
      });
      expect(findings).toMatchObject(SOUND);
      // The lock stays, and what the browser notes of its end is weak: Chromium's first note comes after seconds.
      expect(findings.lockTarget).not.toBeNull();
      if (browser.kind === 'firefox') expect(findings.exitType).toBe('Crashed');
      expect(decision).toMatchObject({ outcome: 'resume-pending', rule: 'safe-checkpoint' });
    });

    it('C07 C09 stopped by SIGSTOP: alive, whatever it does not do', async () => {
      const { findings, decision, attempts } = await after('SIGSTOP', (running) => running.signal('SIGSTOP'));
      expect(findings).toMatchObject({ workerAlive: { value: 'no' }, browserAlive: { value: 'yes' } });
      expect(findings.secondRoot.how).not.toContain('reads files');
      expect(attempts).toBe(3);
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-alive' });
      expect(decision.reasons.join()).toContain('browserAlive: yes');
    });
  });
}
