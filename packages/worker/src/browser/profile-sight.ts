import {
  ancestorsOf,
  identityOf,
  isForeign,
  lookAtProcess,
  ProfileUsers,
  readLock,
  readProcessTable,
  type ProcessEntry,
  type ProcessTable,
} from '@profile-warden/browser-host';
import { realpathSync, statSync } from 'node:fs';
import { hostname, networkInterfaces } from 'node:os';
import { join } from 'node:path';

/** A process that uses the directory. */
export interface ProfileUser {
  readonly entry: ProcessEntry;
  readonly how: string;
  /** A child of a browser, which ends a moment after it. */
  readonly isHelper: boolean;
}

/** Somebody else on the directory, as far as can be told. */
export interface Occupant {
  readonly pid: number | null;
  /** The host that the lock names; this one where the process was seen. */
  readonly host: string | null;
  readonly how: string;
  /** Seen to be a helper that outlives its browser by a moment. */
  readonly isHelper: boolean;
}

/** Files of a profile that browsers lock in the kernel; a lock is told where open files are not. */
const LOCKED_FILES = ['.parentlock', 'parent.lock'];

function orNull<T>(read: () => T): T | null {
  try {
    return read();
  } catch {
    return null;
  }
}

const identityAt = (path: string): string | null =>
  orNull(() => identityOf(statSync(path, { bigint: true })));

/** Firefox writes an address where Chromium writes the name. */
const ownNames = (): readonly string[] => [
  hostname(),
  ...Object.values(networkInterfaces()).flatMap((all) => (all ?? []).map(({ address }) => address)),
];

/** One look at who is on a profile directory. Read-only: no lock is followed, taken or removed. */
export class ProfileSight {
  readonly #lock: ReturnType<typeof readLock>;
  readonly #table: ProcessTable;
  readonly #search: ProfileUsers;
  /** Processes that use it, but for this one. */
  readonly users: readonly ProfileUser[];

  constructor(directory: string) {
    const real = orNull(() => realpathSync(directory));
    const files = LOCKED_FILES.map((name) => identityAt(join(directory, name)));
    const identities = new Set(files.filter((identity) => identity !== null));
    this.#lock = readLock(directory);
    this.#table = readProcessTable();
    this.#search = new ProfileUsers({
      paths: [...new Set([directory, real ?? directory])],
      identity: identityAt(directory),
      identities,
      suspectUid: null,
    });
    const lockers = this.#table.locks.filter((lock) => lock.isForWriting && identities.has(lock.file));
    const lockerPids = new Set(lockers.map(({ pid }) => pid));
    this.users = [...this.#table.entries.values()].flatMap((entry) => {
      if (entry.pid === process.pid) return [];
      const { tie, how, isHelper } = this.#search.tieOf(entry, {
        isWorker: false,
        mayStandInIt: false,
        isNamedByLock: entry.pid === this.#lockPid,
        hasLocked: lockerPids.has(entry.pid),
      });
      const uses = tie === 'uses' || (tie === 'may-use' && entry.pid === this.#lockPid);
      return uses ? [{ entry, how, isHelper }] : [];
    });
  }

  get #lockPid(): number | null {
    return this.#lock !== null && 'pid' in this.#lock ? this.#lock.pid : null;
  }

  /** Who forbids to start a browser on it; null where nobody does. A lock that a dead process of this host left does not. */
  occupant(): Occupant | null {
    const user = this.users.find(({ isHelper }) => !isHelper) ?? this.users[0];
    if (user !== undefined)
      return { pid: user.entry.pid, host: hostname(), how: user.how, isHelper: user.isHelper };
    const lock = this.#lock;
    if (lock === null) return null;
    if ('unread' in lock)
      return { pid: null, host: null, how: `its lock cannot be read: ${lock.unread}`, isHelper: false };
    const { pid, host } = lock;
    if (isForeign(lock, ownNames()))
      return { pid, host, how: `its lock names another host: ${lock.target}`, isHelper: false };
    if (pid !== null && this.#isHidden(pid))
      return { pid, host, how: 'its lock names a process that cannot be looked into', isHelper: false };
    return null;
  }

  /** The process that a lock names, is there, and may not be seen; without /proc that is every one. */
  #isHidden(pid: number): boolean {
    return !this.#table.entries.has(pid) && lookAtProcess(pid) === 'hidden';
  }

  /**
   * The browser on it that descends from `ancestor` (or is it): named by the lock, or writing in the directory where its
   * kind writes no lock. To be told the directory as an argument is no proof. Null where there is none.
   */
  browserBelow(ancestor: number): { readonly pid: number; readonly start: number | null } | null {
    const isBelow = (entry: ProcessEntry): boolean =>
      entry.pid === ancestor || ancestorsOf(entry, this.#table).includes(ancestor);
    const ours = this.users.filter(({ entry }) => isBelow(entry));
    const proven = ours.filter(
      ({ entry }) => entry.pid === this.#lockPid || this.#search.writesIn(entry.pid),
    );
    const root = proven.find(({ isHelper }) => !isHelper) ?? proven[0];
    if (root !== undefined) return { pid: root.entry.pid, start: root.entry.start };
    // Without /proc a lock that names a living process, where before the start there was none, has to do.
    const pid = this.#lockPid;
    return pid !== null && this.#isHidden(pid) ? { pid, start: null } : null;
  }

  /** Users that do not descend from `ancestor`. */
  strangersTo(ancestor: number): readonly ProfileUser[] {
    return this.users.filter(
      ({ entry }) => entry.pid !== ancestor && !ancestorsOf(entry, this.#table).includes(ancestor),
    );
  }
}
