import { execFileSync } from 'node:child_process';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import {
  fileAccessTimes,
  fullListing,
  makeChromiumProfile,
  makeDatabase,
  nobodyElse,
  requestFor,
} from './host-fixture.ts';
import { judgeChange, lookAtHost } from './host-look.ts';
import type { HostRequest } from './request.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

describe('a look at a profile directory', () => {
  let folder: string;
  let profile: string;

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'host-look-'));
    profile = join(folder, 'profile');
    makeChromiumProfile(profile);
  });
  afterEach(() => {
    vi.unstubAllEnvs();
    rmSync(folder, { recursive: true, force: true });
  });

  const look = (changes: Partial<HostRequest> = {}) => lookAtHost(requestFor(profile, changes), never);

  it('finds a sound profile that nobody uses', async () => {
    symlinkSync(`${hostname()}-12345`, join(profile, 'SingletonLock'));
    const found = await look();
    expect(found).toMatchObject({
      workerAlive: { value: 'no' },
      browserAlive: { value: 'no' },
      sameBoot: { value: 'yes' },
      secondRoot: { value: nobodyElse },
      directoryPresent: { value: 'yes' },
      directorySame: { value: 'yes' },
      preferencesValid: { value: 'yes' },
      databasesSound: { value: 'yes' },
      cookiesKept: { value: 'yes', how: '50 cookies', at: 1_000 },
      changedBetweenLooks: { value: 'no' },
      screenshotFound: { value: 'unknown', how: 'none was reported' },
      lockTarget: `${hostname()}-12345`,
      browserVersion: '156.0.8078.79',
      exitType: 'Crashed',
    });
    expect(found.fileSystem).toMatch(/^\w+$/);
    expect(found.directoryBytes).toBeGreaterThan(10_000);
    expect(Math.abs(Date.now() - (found.lastWriteAt ?? 0))).toBeLessThan(60_000);
  });

  it('changes nothing: no content, no time, no name, and leaves no copy behind', async () => {
    // The machine's temporary folder is shared with the looks of other tests.
    vi.stubEnv('TMPDIR', folder);
    const accessTimes = fileAccessTimes(profile);
    const own = () => readdirSync(tmpdir()).filter((name) => name.startsWith('profile-warden-look-'));
    const copies = own();
    await look();
    // Root and the owner can keep access times still; reading for the listing below moves them.
    expect(fileAccessTimes(profile)).toEqual(accessTimes);
    const listing = fullListing(profile);
    await look();
    expect(fullListing(profile)).toEqual(listing);
    expect(own()).toEqual(copies);
  });

  it('says no to broken preferences and quotes nothing of them', async () => {
    writeFileSync(join(profile, 'Default/Preferences'), '{"password":"hunter2"');
    const { preferencesValid, exitType } = await look();
    expect(preferencesValid).toMatchObject({ value: 'no', how: 'Default/Preferences does not parse' });
    expect(exitType).toBeNull();
  });

  it('says no to empty preferences, which is what a power loss leaves', async () => {
    truncateSync(join(profile, 'Local State'), 0);
    expect((await look()).preferencesValid.value).toBe('no');
  });

  it('takes absent preferences as young on a first lease and as an open question on a later one', async () => {
    rmSync(join(profile, 'Default/Preferences'));
    expect((await look({ firstLease: true })).preferencesValid).toMatchObject({
      value: 'yes',
      how: 'Default/Preferences absent, younger than its first save',
    });
    expect((await look()).preferencesValid.value).toBe('unknown');
  });

  it('says no to a damaged page and to a file that is no database', async () => {
    const cookies = join(profile, 'Default/Cookies');
    const bytes = statSync(cookies).size;
    writeFileSync(cookies, Buffer.alloc(bytes - 4096, 0xab), { flag: 'r+' });
    const noHeader = await look();
    expect(noHeader.databasesSound).toMatchObject({ value: 'no' });
    expect(noHeader.databasesSound.how).toContain('code 26');
    expect(noHeader.cookiesKept.value).toBe('unknown');

    rmSync(cookies);
    makeDatabase(cookies, 'cookies', 200);
    truncateSync(cookies, 8192);
    expect((await look()).databasesSound.value).toBe('no');
  });

  it('says no to storage of pages that the browser would have to begin anew', async () => {
    const folder = join(profile, 'Default/IndexedDB/https_shop.example_0.indexeddb.leveldb');
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'CURRENT'), 'MANIFEST-000001\n');
    const { databasesSound } = await look();
    expect(databasesSound.value).toBe('no');
    expect(databasesSound.how).toContain('the manifest that CURRENT names is missing');
  });

  it('knows an emptied cookie store only from a count at the checkpoint', async () => {
    rmSync(join(profile, 'Default/Cookies'));
    makeDatabase(join(profile, 'Default/Cookies'), 'cookies', 0);
    expect((await look({ cookiesAtCheckpoint: 12 })).cookiesKept.value).toBe('no');
    expect((await look({ cookiesAtCheckpoint: 0 })).cookiesKept.value).toBe('yes');
    expect((await look()).cookiesKept.value).toBe('unknown');
  });

  it('sees a directory that changes between the looks', async () => {
    const found = await look({
      sleep: async () => {
        writeFileSync(join(profile, 'Default/Preferences'), '{"profile":{}}');
        await Promise.resolve();
      },
    });
    expect(found.changedBetweenLooks.value).toBe('yes');
  });

  it('takes a missing directory for absent, and what was in it for unknown', async () => {
    rmSync(profile, { recursive: true });
    expect(await look()).toMatchObject({
      directoryPresent: { value: 'no', how: 'stat: ENOENT' },
      browserAlive: { value: 'no' },
      directorySame: { value: 'unknown' },
      preferencesValid: { value: 'unknown' },
      databasesSound: { value: 'unknown' },
      changedBetweenLooks: { value: 'unknown' },
      directoryBytes: null,
      fileSystem: null,
    });
  });

  it('tells another directory under the same path by its identity', async () => {
    const { dev, ino } = statSync(profile, { bigint: true });
    const same = async (device: bigint, inode: bigint, about: Partial<HostRequest> = {}) =>
      (await look({ directoryIdentity: { device: String(device), inode: String(inode) }, ...about }))
        .directorySame.value;
    expect(await same(dev, ino)).toBe('yes');
    expect(await same(dev, 1n)).toBe('no');
    expect(await same(dev + 1n, ino, { leaseBootId: 'another' })).toBe('unknown');
  });

  it('never follows a path of another host, unless the storage is shared', async () => {
    expect(await look({ hostId: 'host-2' })).toMatchObject({
      workerAlive: { value: 'unknown' },
      browserAlive: { value: 'unknown' },
      sameBoot: { value: 'unknown' },
      secondRoot: { value: 'unknown' },
      directoryPresent: { value: 'unknown' },
      preferencesValid: { value: 'unknown' },
    });
    expect(await look({ hostId: 'host-2', storageShared: true })).toMatchObject({
      browserAlive: { value: 'unknown' },
      directoryPresent: { value: 'yes' },
      databasesSound: { value: 'yes' },
    });
  });

  it('C01 C21 leaves the holder open where the lock names another host', async () => {
    symlinkSync('oldhost-32', join(profile, 'SingletonLock'));
    const found = await look();
    expect(found.browserAlive).toMatchObject({
      value: 'unknown',
      how: 'foreign-host-lock: the lock names oldhost',
    });
    expect(found.lockTarget).toBe('oldhost-32');
    expect((await look({ lockHosts: ['oldhost'] })).browserAlive.value).toBe('no');
  });

  it('C68 reads the dangling lock of Firefox and the files beside it', async () => {
    const firefox = mkdtempSync(join(folder, 'firefox-'));
    symlinkSync('127.0.0.1:+12345', join(firefox, 'lock'));
    writeFileSync(join(firefox, '.parentlock'), '');
    writeFileSync(join(firefox, 'prefs.js'), '// Mozilla\nuser_pref("a", true);\n');
    writeFileSync(join(firefox, 'compatibility.ini'), '[Compatibility]\nLastVersion=140.3.0_2025/2025\n');
    makeDatabase(join(firefox, 'cookies.sqlite'), 'moz_cookies', 4);
    expect(await lookAtHost(requestFor(firefox, { browserKind: 'firefox' }), never)).toMatchObject({
      lockTarget: '127.0.0.1:+12345',
      browserAlive: { value: 'no' },
      preferencesValid: { value: 'yes' },
      cookiesKept: { value: 'yes', how: '4 cookies' },
      browserVersion: '140.3.0',
    });
  });

  it('gives up what does not answer in time instead of waiting for it', async () => {
    const found = await look({ timeLimitMs: 1 });
    expect(found.browserAlive).toMatchObject({ value: 'unknown', how: 'no answer within 1 ms' });
    expect(found.databasesSound.value).toBe('unknown');
  });

  it('waits for its place among many longer than a look may last', async () => {
    const found = await Promise.all(Array.from({ length: 16 }, () => look({ timeLimitMs: 50 })));
    const hows = found.flatMap(({ browserAlive, databasesSound }) => [browserAlive.how, databasesSound.how]);
    expect(hows.filter((how) => how.startsWith('no look could start'))).toEqual([]);
  }, 30_000);

  it('does not hang on a FIFO in the place of a file', async () => {
    rmSync(join(profile, 'Default/Preferences'));
    execFileSync('sh', ['-c', 'mkfifo "$0"', join(profile, 'Default/Preferences')]);
    expect((await look()).preferencesValid.value).toBe('no');
  });

  it('rejects when its caller gives up', async () => {
    const giveUp = new AbortController();
    const looking = lookAtHost(requestFor(profile, { settleMs: 30_000 }), giveUp.signal);
    setTimeout(() => giveUp.abort(new Error('revoked')), 20);
    await expect(looking).rejects.toThrow();
  });
});

describe('the change between two listings', () => {
  const listing = { hash: 'a', complete: true, how: '3 entries', bytes: 1, lastWriteAt: 1 };

  it('is open where one is missing or left something out, and stays a change all the same', () => {
    expect(judgeChange(undefined, listing).value).toBe('unknown');
    expect(judgeChange(listing, { ...listing, complete: false }).value).toBe('unknown');
    expect(judgeChange(listing, { ...listing, complete: false, hash: 'b' }).value).toBe('yes');
    expect(judgeChange(listing, listing).value).toBe('no');
  });
});
