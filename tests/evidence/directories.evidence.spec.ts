import { execFileSync, spawn } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  existsSync,
  globSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { HostFindings, HostRequest } from '@profile-warden/evidence-collector';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { BROWSERS, RunningBrowser, until, type TestBrowser } from './browser.fixture.ts';
import { outcomeOf, report, type Outcome } from './case.fixture.ts';
import { ended, goneWorker } from './holder.fixture.ts';
import { contentsOf, Profiles } from './profile.fixture.ts';
import { withBrowser } from './with-browser.fixture.ts';

const FILES = {
  chromium: {
    preferences: 'Default/Preferences',
    cookies: 'Default/Cookies',
    pageStorage: 'Default/Local Storage/leveldb/CURRENT',
    first: 'SingletonLock',
  },
  firefox: {
    preferences: 'prefs.js',
    cookies: 'cookies.sqlite',
    pageStorage: 'storage/default/*/ls/data.sqlite',
    first: '.parentlock',
  },
};
const NOBODY = 65_534;
const isRoot = process.geteuid?.() === 0;
const MAX_STARTS = 5;

/** As a collector of another user would; only root can start one, others take the rights away from themselves. */
function lookAsNobody(request: HostRequest): Promise<HostFindings> {
  const program = join(import.meta.dirname, 'nobody-process.fixture.ts');
  const user = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
  const options = { ...user, env: {}, cwd: '/', encoding: 'utf8' } as const;
  return Promise.resolve(
    JSON.parse(execFileSync(process.execPath, [program, JSON.stringify(request)], options)) as HostFindings,
  );
}

/** Kills the browser before it has written its preferences; how soon that is, is a matter of luck. */
async function killedYoung(profiles: Profiles, browser: TestBrowser): Promise<string> {
  const { first, preferences } = FILES[browser.kind];
  for (let start = 1; start <= MAX_STARTS; start++) {
    const directory = profiles.empty(`young-${start}`);
    const running = new RunningBrowser(browser, directory, 'about:blank');
    await until(() => execFileSync('ls', ['-A', directory], { encoding: 'utf8' }).includes(first), 'a start');
    running.signal('SIGKILL');
    await running.ended();
    if (!existsSync(join(directory, preferences))) return directory;
  }
  throw new Error(`${browser.name} was quicker ${MAX_STARTS} times`);
}

for (const browser of [BROWSERS.CHROMIUM, BROWSERS.FIREFOX]) {
  const { kind } = browser;
  const files = FILES[kind];

  withBrowser(browser, `the directory of ${browser.name}`, () => {
    let profiles: Profiles;
    beforeAll(async () => {
      profiles = await Profiles.of(browser);
      chmodSync(profiles.folder, 0o755);
    });
    afterAll(async () => profiles[Symbol.asyncDispose]());

    async function judged(
      name: string,
      directory: string,
      about: Partial<Parameters<typeof outcomeOf>[0]> = {},
    ): Promise<Outcome> {
      const outcome = await outcomeOf({ browser: kind, directory, worker: await goneWorker(), ...about });
      report(`${browser.name}, ${name}`, outcome);
      return outcome;
    }

    it('with preferences that were cut off is corrupt, and stays as it is', async () => {
      const directory = profiles.used();
      const path = join(directory, files.preferences);
      truncateSync(path, Math.floor(readFileSync(path).length / 2));
      const before = contentsOf(directory);
      const { findings, decision } = await judged('corrupted preferences', directory);
      expect(contentsOf(directory)).toBe(before);
      expect(findings.preferencesValid.value).toBe('no');
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'profile-corrupt' });
      expect(decision.reasons.join()).toContain('preferencesValid: no');
    });

    it('with a cookie database of which pages were lost is corrupt, and stays as it is', async () => {
      const directory = profiles.used();
      const path = join(directory, files.cookies);
      const bytes = readFileSync(path);
      bytes.fill(0xa5, 4_096);
      writeFileSync(path, bytes);
      const before = contentsOf(directory);
      const { findings, decision } = await judged('corrupted cookies', directory);
      expect(contentsOf(directory)).toBe(before);
      expect(findings.databasesSound.value).toBe('no');
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'profile-corrupt' });
      expect(decision.reasons.join()).toContain(files.cookies);
    });

    it('in which the storage of a page is broken is corrupt', async () => {
      const directory = profiles.used();
      const [path = ''] = globSync(files.pageStorage, { cwd: directory });
      expect(path).not.toBe('');
      writeFileSync(join(directory, path), 'nothing of the kind');
      const { findings, decision } = await judged('corrupted storage of a page', directory);
      expect(findings).toMatchObject({ databasesSound: { value: 'no' }, cookiesKept: { value: 'yes' } });
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'profile-corrupt' });
    });

    it('that is missing is a matter for a person', async () => {
      const directory = profiles.used();
      rmSync(directory, { recursive: true });
      const { findings, decision } = await judged('directory missing', directory);
      expect(findings).toMatchObject({
        directoryPresent: { value: 'no' },
        directorySame: { value: 'unknown' },
        preferencesValid: { value: 'unknown' },
        databasesSound: { value: 'unknown' },
      });
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'profile-corrupt' });
    });

    it('that was replaced by its own copy is another one', async () => {
      const directory = profiles.used();
      const { dev, ino } = statSync(directory, { bigint: true });
      const directoryId = `${dev}:${ino}`;
      const kept = await judged('directory as leased', directory, { directoryId });
      expect(kept.findings.directorySame).toMatchObject({ value: 'yes' });
      expect(kept.findings.directorySame.how).toContain(`inode ${ino} as at the grant`);
      expect(kept.decision).toMatchObject({ outcome: 'resume-pending', rule: 'safe-checkpoint' });

      renameSync(directory, `${directory}.old`);
      cpSync(`${directory}.old`, directory, { recursive: true, verbatimSymlinks: true });
      const { findings, decision } = await judged('directory replaced', directory, { directoryId });
      expect(findings).toMatchObject({ directoryPresent: { value: 'yes' }, directorySame: { value: 'no' } });
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'profile-corrupt' });
    });

    it('C71 that cannot be read is unknown in everything, and a matter for a person', async () => {
      const directory = profiles.used();
      chmodSync(directory, isRoot ? 0o700 : 0o000);
      const { findings, decision } = await judged('directory unreadable', directory, { look: lookAsNobody });
      chmodSync(directory, 0o700);
      expect(findings).toMatchObject({
        workerAlive: { value: 'no' },
        browserAlive: { value: 'unknown' },
        preferencesValid: { value: 'unknown' },
        databasesSound: { value: 'unknown' },
        cookiesKept: { value: 'unknown' },
        changedBetweenLooks: { value: 'unknown' },
      });
      expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'holder-unknown' });
    });

    it('that somebody unseen still writes to has two writers', async () => {
      const directory = profiles.used();
      // Like a sync client: made elsewhere, then moved here, so that nothing in it is ever open.
      const program = `for (1 .. 1200) { open F, '>', $ARGV[1]; print F $_; close F; rename $ARGV[1], $ARGV[0];
        select undef, undef, undef, 0.1 }`;
      const args = [join(directory, 'late'), join(profiles.folder, 'late')];
      const writer = spawn('perl', ['-e', program, ...args], { stdio: 'ignore' });
      try {
        await wait(500);
        const { findings, decision } = await judged('still being written', directory);
        expect(findings).toMatchObject({
          browserAlive: { value: 'no' },
          changedBetweenLooks: { value: 'yes' },
        });
        expect(decision).toMatchObject({ outcome: 'manual-review', rule: 'dual-writer' });
      } finally {
        await ended(writer);
      }
    });

    it('of a browser that was killed before its first save is young, not corrupt', async () => {
      const directory = await killedYoung(profiles, browser);
      const { findings, decision } = await judged('killed before its first save', directory, {
        isYoung: true,
      });
      expect(findings).toMatchObject({
        browserAlive: { value: 'no' },
        preferencesValid: { value: 'yes' },
        exitType: null,
      });
      expect(findings.preferencesValid.how).toContain('younger than its first save');
      expect(findings.databasesSound.value).not.toBe('no');
      expect(decision).toMatchObject({ outcome: 'available', rule: 'never-touched' });
    });
  });
}
