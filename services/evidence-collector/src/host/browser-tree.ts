import {
  ancestorsOf,
  isForeign,
  isStuck,
  printable,
  type ProcessEntry,
  type ProcessTable,
  ProfileUsers,
  type readLock,
  type SearchedDirectory,
  type Tie,
} from '@profile-warden/browser-host';
import { statSync } from 'node:fs';
import type { LookTask } from './look-task.ts';
import { no, unknown, yes, type Seen } from './seen.ts';
import { namespaceGap, outOfSight } from './worker-process.ts';

/** What is known of the directory when the table is judged; null until it has answered. */
export interface KnownDirectory {
  readonly realPath: string | null;
  readonly identity: string | null;
  readonly identities: ReadonlySet<string>;
  readonly lock: ReturnType<typeof readLock>;
}

export interface TreeReport {
  readonly browserAlive: Seen;
  readonly secondRoot: Seen;
}

type TiedProcess = Tie & { readonly entry: ProcessEntry };

function ownerUid(path: string): number | null {
  try {
    return statSync(path).uid;
  } catch {
    return null;
  }
}

/** Who holds locks for writing on files of the directory. */
function lockersOf(table: ProcessTable, identities: ReadonlySet<string>): ReadonlySet<number | null> {
  const held = table.locks.filter(({ file, isForWriting }) => isForWriting && identities.has(file));
  return new Set(held.map(({ pid }) => pid));
}

function usersOf(
  task: LookTask,
  sameBoot: Seen,
  directory: string,
  table: ProcessTable,
  known: KnownDirectory | null,
): TiedProcess[] {
  const paths = [...new Set([directory, known?.realPath ?? directory])];
  const isGeneric = task.browserKind === 'other' || task.browserKind === 'UNKNOWN';
  const searched: SearchedDirectory = {
    paths,
    identity: known?.identity ?? null,
    identities: known?.identities ?? new Set(),
    // Browsers are known by name; of other kinds anything of the owner may be one. Asked only of a directory
    // that has answered before.
    suspectUid: isGeneric && known !== null ? ownerUid(directory) : null,
  };
  const users = new ProfileUsers(searched);
  const lockers = lockersOf(table, searched.identities);
  const lock = known?.lock ?? null;
  const { worker } = task;
  // Equal numbers of another boot are a coincidence.
  const isComparable = sameBoot.value === 'yes' && namespaceGap(worker) === null;
  const isWorker = (entry: ProcessEntry | undefined) =>
    isComparable && entry?.pid === worker.pid && entry.start === worker.processStart;
  // Neither this process nor the collector that started it.
  const own = new Set([process.pid, process.ppid]);
  const tied: TiedProcess[] = [];
  for (const entry of table.entries.values()) {
    if (own.has(entry.pid)) continue;
    const mayStandInIt =
      isGeneric && ancestorsOf(entry, table).some((pid) => isWorker(table.entries.get(pid)));
    const isNamedByLock = lock !== null && 'pid' in lock && lock.pid === entry.pid;
    const hasLocked = lockers.has(entry.pid);
    const tie = users.tieOf(entry, { isWorker: isWorker(entry), isNamedByLock, mayStandInIt, hasLocked });
    if (tie.tie !== 'none') tied.push({ ...tie, entry });
  }
  return tied;
}

interface Sorted {
  readonly using: readonly TiedProcess[];
  readonly roots: readonly TiedProcess[];
  /** Not below a user: what belongs to a tree that is known to be there raises no question of its own. */
  readonly suspects: readonly TiedProcess[];
}

function sorted(tied: readonly TiedProcess[], table: ProcessTable): Sorted {
  const using = tied.filter(({ tie }) => tie === 'uses');
  const pids = new Set(using.map(({ entry }) => entry.pid));
  const isBelow = ({ entry }: TiedProcess) => ancestorsOf(entry, table).some((pid) => pids.has(pid));
  return {
    using,
    roots: using.filter((one) => !one.isHelper && !isBelow(one)),
    suspects: tied.filter((one) => one.tie === 'may-use' && !isBelow(one)),
  };
}

/** Why nobody found does not mean that nobody is there; null when it does. */
function doubt(task: LookTask, table: ProcessTable, known: KnownDirectory | null): string | null {
  if (!task.isMyHost) return 'the lease is of another host';
  const gap = namespaceGap(task.worker);
  if (gap !== null) return gap;
  if (table.blindSpot !== null) return table.blindSpot;
  if (known === null) return 'the directory did not answer, so files open in it cannot be told';
  const unseen = [...lockersOf(table, known.identities)].find(
    (pid) => pid !== null && !table.entries.has(pid),
  );
  if (unseen !== undefined) return `pid ${unseen} holds locks on files of it and cannot be seen`;
  const { lock } = known;
  if (lock === null) return null;
  if ('unread' in lock) return `whom the lock of the browser names cannot be read: ${lock.unread}`;
  if (isForeign(lock, task.lockHosts))
    return `foreign-host-lock: the lock names ${printable(lock.host ?? '', 128)}`;
  return null;
}

function named(processes: readonly TiedProcess[]): string {
  const shown = processes.slice(0, 4).map(({ how }) => printable(how, 120));
  return processes.length > 4 ? `${shown.join('; ')}; ${processes.length - 4} more` : shown.join('; ');
}

export function judgeTree(
  task: LookTask,
  sameBoot: Seen,
  table: ProcessTable,
  known: KnownDirectory | null,
): TreeReport {
  const otherBoot = sameBoot.value === 'no' ? no(`other boot: ${sameBoot.how}`) : null;
  if (task.directory === null) {
    const why = unknown('no directory of the lease can be seen from this host');
    return { browserAlive: otherBoot ?? why, secondRoot: why };
  }
  const tied = usersOf(task, sameBoot, task.directory, table, known);
  const { using, roots, suspects } = sorted(tied, table);
  const why = doubt(task, table, known) ?? (suspects.length > 0 ? named(suspects) : null);
  const rootCount = `${roots.length} of ${table.entries.size} processes are roots on it`;

  const others = why ?? outOfSight(task);
  let secondRoot = others === null ? no(rootCount) : unknown(others);
  if (roots.length > 1) secondRoot = yes(named(roots));
  // The holder's own root went with its boot: whoever is here now is another one.
  if (otherBoot !== null && roots.length > 0) secondRoot = yes(`since another boot: ${named(roots)}`);

  if (otherBoot !== null) return { browserAlive: otherBoot, secondRoot };
  if (using.length > 0) {
    const how = named(roots.length > 0 ? roots : using);
    let browserAlive = yes(how);
    if (using.every(({ entry }) => isStuck(entry))) browserAlive = unknown(`stuck in the kernel: ${how}`);
    if (!task.isMyHost) browserAlive = unknown(`the lease is of another host; here ${how}`);
    return { browserAlive, secondRoot };
  }
  const seen = `none of ${table.entries.size} processes names it or has files of it open`;
  return { browserAlive: why === null ? no(seen) : unknown(why), secondRoot };
}
