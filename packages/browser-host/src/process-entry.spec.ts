import { describe, expect, it } from 'vitest';
import { parseStat } from './process-entry.ts';
import { isForeign, parseLock } from './lock-link.ts';
import { profileArgument } from './profile-user.ts';

// Fields 3 to 22 of proc(5): state, parent, …, flags (9), …, thread count (20), 0, start (22).
const stat = (name: string, state: string, threadCount: number, flags = 0) =>
  `42 (${name}) ${state} 7 1 1 0 -1 ${flags} 0 0 0 0 0 0 0 0 20 0 ${threadCount} 0 99887 0`;

describe('an entry of /proc', () => {
  it('is read behind the last parenthesis, whatever a process calls itself', () => {
    expect(parseStat(42, stat('a) Z 1 (b', 'S', 1))).toMatchObject({
      parentPid: 7,
      start: 99887,
      state: 'S',
      name: 'a) Z 1 (b',
      isDead: false,
    });
    expect(parseStat(42, '42 (cut')).toBe('hidden');
  });

  it('is dead as a zombie, unless only its first thread has ended', () => {
    expect(parseStat(42, stat('x', 'Z', 1))).toMatchObject({ isDead: true });
    expect(parseStat(42, stat('x', 'Z', 3))).toMatchObject({ isDead: false });
    expect(parseStat(42, stat('x', 'D', 1))).toMatchObject({ isDead: false });
    expect(parseStat(42, stat('x', 'I', 1, 0x20_8040))).toMatchObject({ isKernel: true });
  });
});

describe('the directory among the arguments', () => {
  it('is found in every form that browsers take', () => {
    expect(profileArgument(['chrome', '--user-data-dir=/p/a b'])).toBe('/p/a b');
    expect(profileArgument(['firefox', '-profile', '/p'])).toBe('/p');
    expect(profileArgument(['chromium --type=renderer --user-data-dir=/p/a b --lang=en'])).toBe('/p/a b');
    expect(profileArgument(['chrome', '--user-data-directory=/p', '--user-data-dir'])).toBeNull();
    expect(profileArgument([])).toBeNull();
  });
});

describe('a lock link', () => {
  it('names host and pid, with hyphens in the host', () => {
    expect(parseLock('SingletonLock', 'web-7.example-312')).toMatchObject({
      host: 'web-7.example',
      pid: 312,
    });
    expect(parseLock('SingletonLock', 'nonsense')).toMatchObject({ host: null, pid: null });
  });

  it('C68 C70 of Firefox names an address, which is foreign unless known or its own loopback', () => {
    const lock = parseLock('lock', '192.168.1.5:+12345');
    expect(lock).toMatchObject({ host: '192.168.1.5', pid: 12345 });
    expect(isForeign(lock, ['192.168.1.5'])).toBe(false);
    expect(isForeign(lock, ['10.0.0.1'])).toBe(true);
    expect(isForeign(parseLock('lock', '127.0.1.1:+5'), [])).toBe(false);
  });
});
