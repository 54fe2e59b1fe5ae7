import { readFileSync, readdirSync } from 'node:fs';
import { readFileLocks, type FileLock } from './file-locks.ts';
import { lookAtProcess, type ProcessEntry } from './process-entry.ts';

const MAX_PROCESS_COUNT = 50_000;

export interface ProcessTable {
  readonly entries: ReadonlyMap<number, ProcessEntry>;
  /** Why a process could be missing from the table; null when none is. */
  readonly blindSpot: string | null;
  /** Locks on files, of any process that can be seen from here. */
  readonly locks: readonly FileLock[];
}

/** A /proc mounted with `hidepid` shows only one's own processes. */
function isHiding(): boolean {
  if (process.geteuid?.() === 0) return false;
  const mounts = readFileSync('/proc/self/mountinfo', 'latin1').split('\n');
  const proc = mounts.filter((line) => line.split(' ')[4] === '/proc').at(-1);
  return proc !== undefined && /hidepid=(?!0|off)/.test(proc);
}

/** All processes but kernel threads and the dead. */
export function readProcessTable(): ProcessTable {
  const entries = new Map<number, ProcessEntry>();
  // First: whoever takes a lock later is in the table.
  const locks = readFileLocks();
  let blindSpot: string | null = null;
  try {
    const pids = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
    for (const pid of pids.slice(0, MAX_PROCESS_COUNT)) {
      const entry = lookAtProcess(Number(pid));
      if (typeof entry !== 'string' && !entry.isKernel && !entry.isDead) entries.set(entry.pid, entry);
      if (entry === 'hidden') blindSpot = `/proc/${pid} cannot be read`;
    }
    if (pids.length > MAX_PROCESS_COUNT) blindSpot = 'too many processes';
    if (isHiding()) blindSpot = '/proc hides the processes of others';
    return { entries, blindSpot, locks };
  } catch {
    return { entries, blindSpot: '/proc cannot be read', locks };
  }
}

// Bounds the way up of a process whose parents changed while they were read.
const MAX_DEPTH = 64;

/** From its parent up; as far as the table knows them. */
export function ancestorsOf(entry: ProcessEntry, table: ProcessTable): readonly number[] {
  const pids: number[] = [];
  let parent = table.entries.get(entry.parentPid);
  while (parent !== undefined && pids.length < MAX_DEPTH) {
    pids.push(parent.pid);
    parent = table.entries.get(parent.parentPid);
  }
  return pids;
}
