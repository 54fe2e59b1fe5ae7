import { readFileSync } from 'node:fs';

/** One lock on a file, as the kernel lists it for everybody to read. */
export interface FileLock {
  /** As in this pid namespace; null for a lock that belongs to no process. */
  readonly pid: number | null;
  /** `device:inode`, as `identityOf` writes it. */
  readonly file: string;
  readonly isForWriting: boolean;
}

/** Waiters (`->`) hold nothing yet. The device is told as two hexadecimal numbers. */
const LINE = /^\d+: (?:POSIX|FLOCK|OFDLCK)\s+\S+\s+(READ|WRITE)\s+(-?\d+) ([\da-f]+):([\da-f]+):(\d+) /;

/** As the C library packs the two numbers of a device into one. */
function deviceOf(major: bigint, minor: bigint): bigint {
  return (minor & 0xffn) | ((major & 0xfffn) << 8n) | ((minor & ~0xffn) << 12n) | ((major & ~0xfffn) << 32n);
}

export function parseLocks(text: string): readonly FileLock[] {
  return text.split('\n').flatMap((line) => {
    const [, mode, pid, major, minor, inode] = LINE.exec(line) ?? [];
    if (pid === undefined || major === undefined || minor === undefined || inode === undefined) return [];
    const device = deviceOf(BigInt(`0x${major}`), BigInt(`0x${minor}`));
    return [
      {
        pid: Number(pid) > 0 ? Number(pid) : null,
        file: `${device}:${inode}`,
        isForWriting: mode === 'WRITE',
      },
    ];
  });
}

/**
 * Firefox and SQLite lock what they use, and locks of others can be read where their open files cannot. Locks on some
 * file systems are listed under another device or not at all: what is not listed here proves nothing.
 */
export function readFileLocks(): readonly FileLock[] {
  try {
    return parseLocks(readFileSync('/proc/locks', 'latin1'));
  } catch {
    return [];
  }
}
