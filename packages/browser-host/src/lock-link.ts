import { readlinkSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf, printable } from './host-text.ts';

/** What the lock of a browser says. Its presence or absence proves nothing: it only names whom to look for. */
export interface LockLink {
  readonly target: string;
  /** Host name (Chromium) or address (Firefox); null where the text is neither. */
  readonly host: string | null;
  readonly pid: number | null;
}

// Chromium: `host-pid`, the host may hold hyphens. Firefox: `address:+pid`, `:pid` where only the link locks.
const CHROMIUM = /^(.+)-(\d{1,10})$/;
const FIREFOX = /^(.+):\+?(\d{1,10})$/;

export function parseLock(name: 'SingletonLock' | 'lock', target: string): LockLink {
  const match = (name === 'lock' ? FIREFOX : CHROMIUM).exec(target);
  return {
    target: printable(target, 256),
    host: match?.[1] ?? null,
    pid: match?.[2] === undefined ? null : Number(match[2]),
  };
}

// No link there, or none that is a link.
const NO_LINK = new Set(['ENOENT', 'ENOTDIR', 'EINVAL']);

/** Read as a link and never followed: both browsers leave it dangling on purpose. A code says why it cannot be read. */
export function readLock(directory: string): LockLink | { readonly unread: string } | null {
  for (const name of ['SingletonLock', 'lock'] as const) {
    try {
      return parseLock(name, readlinkSync(join(directory, name)));
    } catch (error) {
      const code = codeOf(error);
      if (!NO_LINK.has(code)) return { unread: code };
    }
  }
  return null;
}

/** Firefox writes what its own host name resolved to, often a loopback address: that names no other host. */
export function isForeign(lock: LockLink, lockHosts: readonly string[]): boolean {
  if (lock.host === null) return false;
  return !lock.host.startsWith('127.') && !lockHosts.includes(lock.host);
}
