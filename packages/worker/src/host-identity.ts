import { readFileSync, readlinkSync, type BigIntStats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { hostname } from 'node:os';

/** What lets a collector recognise this very process on this very boot of this host. Unknown parts stay unknown. */
export interface HostIdentity {
  readonly hostId: string;
  /** `unknown` where the system does not tell. */
  readonly bootId: string;
  readonly pid: number;
  /** Clock ticks since boot; 0 where unknown. */
  readonly processStart: number;
  /** Empty where unknown. */
  readonly pidNamespace: string;
}

export interface ProcFiles {
  read(path: string): string;
  link(path: string): string;
}

const system: ProcFiles = {
  read: (path) => readFileSync(path, 'utf8'),
  link: (path) => readlinkSync(path),
};

export function readHostIdentity(
  hostId?: string,
  files: ProcFiles = system,
  pid = process.pid,
): HostIdentity {
  return {
    hostId: hostId ?? hostname(),
    bootId: attempt(() => files.read('/proc/sys/kernel/random/boot_id').trim()) || 'unknown',
    pid,
    processStart: attempt(() => startTicks(files.read('/proc/self/stat'))) ?? 0,
    pidNamespace: attempt(() => files.link('/proc/self/ns/pid')) ?? '',
  };
}

const statOf = (path: string): Promise<BigIntStats> => stat(path, { bigint: true });

/**
 * Which directory lies under this path now, as `device:inode`; null where there is none yet or none can be seen.
 * Evidence tells by it that a profile was replaced, or that its volume was not mounted again.
 */
export async function readDirectoryIdentity(path: string | null, look = statOf): Promise<string | null> {
  if (path === null) return null;
  try {
    const { dev, ino } = await look(path);
    return `${dev}:${ino}`;
  } catch {
    return null;
  }
}

/** Field 22. The command in field 2 may hold spaces and brackets, so fields are counted behind its last bracket. */
function startTicks(stat: string): number | undefined {
  const ticks = Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]);
  return Number.isSafeInteger(ticks) && ticks >= 0 ? ticks : undefined;
}

function attempt<T>(read: () => T): T | undefined {
  try {
    return read();
  } catch {
    return undefined;
  }
}
