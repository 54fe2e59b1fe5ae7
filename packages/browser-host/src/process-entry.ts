import { readFileSync, readdirSync, readlinkSync } from 'node:fs';
import { codeOf, printable } from './host-text.ts';

/** One process as /proc tells it at one moment. */
export interface ProcessEntry {
  readonly pid: number;
  readonly parentPid: number;
  /** Clock ticks since boot: with pid, boot and pid namespace the identity of a process. */
  readonly start: number;
  readonly name: string;
  readonly state: string;
  readonly isKernel: boolean;
  /** A zombie still has an entry and is dead, unless only its first thread has ended. */
  readonly isDead: boolean;
}

/** `hidden`: it may be there, but may not be seen from here. */
export type EntryLook = ProcessEntry | 'absent' | 'hidden';

const KERNEL_THREAD = 0x0020_0000;

export function parseStat(pid: number, text: string): ProcessEntry | 'hidden' {
  // The name may hold blanks and parentheses: fields start behind the last one.
  const nameEnd = text.lastIndexOf(')');
  const fields = text.slice(nameEnd + 2).split(' ');
  // Numbers of proc(5), of which the first field here is 3.
  const field = (number: number) => Number(fields[number - 3]);
  const state = fields[0] ?? '';
  const start = field(22);
  if (nameEnd < 0 || state === '' || !Number.isSafeInteger(start)) return 'hidden';
  const isEnded = state === 'Z' || state === 'X' || state === 'x';
  return {
    pid,
    parentPid: field(4),
    start,
    name: text.slice(text.indexOf('(') + 1, nameEnd),
    state,
    isKernel: (field(9) & KERNEL_THREAD) !== 0,
    isDead: isEnded && field(20) <= 1,
  };
}

/** With `hidepid` a foreign process has no entry at all; a signal that is never sent still tells it apart. */
function isPidFree(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return codeOf(error) === 'ESRCH';
  }
}

export function lookAtProcess(pid: number): EntryLook {
  try {
    return parseStat(pid, readFileSync(`/proc/${pid}/stat`, 'latin1'));
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ESRCH') return isPidFree(pid) ? 'absent' : 'hidden';
    return 'hidden';
  }
}

/** Null where it may not be read. */
export function argumentsOf(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/cmdline`, 'utf8');
    return text.split('\0').slice(0, text.endsWith('\0') ? -1 : undefined);
  } catch {
    return null;
  }
}

export function linkOf(pid: number | 'self', name: string): string | null {
  try {
    return readlinkSync(`/proc/${pid}/${name}`);
  } catch {
    return null;
  }
}

/** The file it runs, for people; null where it may not be read. */
export function programOf(pid: number): string | null {
  const path = linkOf(pid, 'exe');
  return path === null ? null : printable(path, 160);
}

/** Uninterruptible: it waits for a device or a mount, and neither a signal nor we can tell whether it will go on. */
export const isStuck = ({ state }: ProcessEntry): boolean => state === 'D';

export interface OpenFile {
  readonly number: string;
  readonly path: string;
}

/** Only what has a path; null where they may not be read. */
export function openFilesOf(pid: number): readonly OpenFile[] | null {
  try {
    return readdirSync(`/proc/${pid}/fd`)
      .map((number) => ({ number, path: linkOf(pid, `fd/${number}`) ?? '' }))
      .filter((file) => file.path.startsWith('/'));
  } catch (error) {
    // Ended while we looked: it holds nothing any more.
    return codeOf(error) === 'ENOENT' || codeOf(error) === 'ESRCH' ? [] : null;
  }
}

/** What cannot be read counts as written: an open file is somebody's until shown otherwise. */
export function isOpenForWriting(pid: number, file: OpenFile): boolean {
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/${pid}/fdinfo/${file.number}`, 'latin1'));
    return flags?.[1] === undefined || (Number.parseInt(flags[1], 8) & 0o3) !== 0;
  } catch (error) {
    return codeOf(error) !== 'ENOENT' && codeOf(error) !== 'ESRCH';
  }
}

export function ownerOf(pid: number): number | null {
  try {
    const match = /^Uid:\s+\d+\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'latin1'));
    return match?.[1] === undefined ? null : Number(match[1]);
  } catch {
    return null;
  }
}
