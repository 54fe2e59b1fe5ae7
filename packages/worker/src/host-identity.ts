import { readFileSync, readlinkSync } from 'node:fs';
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
