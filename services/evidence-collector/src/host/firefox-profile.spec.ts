import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { makeDatabase, requestFor } from './host-fixture.ts';
import { lookAtHost } from './host-look.ts';

// Each look starts real processes, and cores are shared.
vi.setConfig({ testTimeout: 60_000 });

const never = new AbortController().signal;

describe('a profile of Firefox', () => {
  let profile: string;
  const look = () => lookAtHost(requestFor(profile, { browserKind: 'firefox' }), never);
  const write = (name: string, content: string) => writeFileSync(join(profile, name), content);

  beforeEach(() => {
    profile = mkdtempSync(join(tmpdir(), 'firefox-profile-'));
    write('prefs.js', '// Mozilla\nuser_pref("a", true);\n');
    makeDatabase(join(profile, 'cookies.sqlite'), 'moz_cookies', 4);
    makeDatabase(join(profile, 'places.sqlite'), 'moz_places', 40);
    makeDatabase(join(profile, 'key4.db'), 'keys', 1);
    mkdirSync(join(profile, 'storage/default/https+++shop.example/ls'), { recursive: true });
    makeDatabase(join(profile, 'storage/default/https+++shop.example/ls/data.sqlite'), 'data', 40);
  });
  afterEach(() => rmSync(profile, { recursive: true, force: true }));

  it('has its end told as Firefox itself would judge it at its next start', async () => {
    expect((await look()).exitType).toBeNull();
    write('sessionCheckpoints.json', '{"profile-after-change":true,"final-ui-startup":true}');
    expect((await look()).exitType).toBe('Crashed');
    write('sessionCheckpoints.json', '{"sessionstore-final-state-write-complete":true}');
    expect((await look()).exitType).toBe('Normal');
  });

  it('has all its databases checked, those of pages too', async () => {
    expect((await look()).databasesSound).toMatchObject({
      value: 'yes',
      how: 'quick_check ok on copies of 4 databases, 0 of LevelDB whole',
    });
    truncateSync(join(profile, 'storage/default/https+++shop.example/ls/data.sqlite'), 5_000);
    const { databasesSound, cookiesKept } = await look();
    expect(databasesSound.value).toBe('no');
    expect(databasesSound.how).toContain('ls/data.sqlite');
    expect(cookiesKept.value).toBe('yes');
  });

  it('has its preference lines judged without quoting them', async () => {
    write('prefs.js', 'user_pref("password", "hunter2\0\0\0');
    expect((await look()).preferencesValid).toMatchObject({ value: 'no', how: 'prefs.js does not parse' });
  });
});
