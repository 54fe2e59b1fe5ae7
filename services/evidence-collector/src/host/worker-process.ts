import {
  type EntryLook,
  isStuck,
  linkOf,
  lookAtProcess,
  printable,
  programOf,
} from '@profile-warden/browser-host';
import { readFileSync, readlinkSync } from 'node:fs';
import type { LookTask } from './look-task.ts';
import type { WorkerIdentity } from './request.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

export function lookAtBoot(task: LookTask): Seen {
  if (!task.isMyHost) return unknown('the lease is of another host');
  if (task.leaseBootId === '') return unknown('the lease names no boot');
  try {
    const bootId = readFileSync('/proc/sys/kernel/random/boot_id', 'latin1').trim();
    return bootId === task.leaseBootId
      ? yes(`boot id ${bootId} as in the lease`)
      : no(`boot id ${bootId}, the lease says ${printable(task.leaseBootId, 64)}`);
  } catch {
    return unknown('the boot id cannot be read');
  }
}

function procPid(): number | null {
  try {
    return Number(readlinkSync('/proc/self'));
  } catch {
    return null;
  }
}

// The kernel's own number for the first one of a machine.
const FIRST_NAMESPACE = 'pid:[4026531836]';

/** Who else could be on the directory without being seen from here; null where nobody could. */
export function outOfSight(task: LookTask): string | null {
  if (task.storageShared) return 'processes of other hosts at the shared storage cannot be seen';
  return linkOf('self', 'ns/pid') === FIRST_NAMESPACE
    ? null
    : 'the collector runs in a container, and processes outside of it cannot be seen';
}

/** Null where pids of the worker mean the same here; else why they do not. */
export function namespaceGap(worker: WorkerIdentity): string | null {
  if (worker.pidNamespace === '') return 'the worker did not name its pid namespace';
  // A /proc that was mounted for another namespace shows other processes under these numbers.
  if (procPid() !== process.pid) return '/proc shows another pid namespace than that of the collector';
  const mine = linkOf('self', 'ns/pid');
  if (mine === null) return 'the pid namespace of the collector cannot be read';
  return mine === worker.pidNamespace ? null : 'the worker lives in another pid namespace';
}

export function judgeWorker(worker: WorkerIdentity, entry: EntryLook, gap: string | null): Seen {
  const pid = `pid ${worker.pid}`;
  if (entry !== 'absent' && entry !== 'hidden' && entry.start === worker.processStart && !entry.isDead) {
    // Equal numbers in a namespace that is known to be another are two processes.
    if (gap === null || worker.pidNamespace === '') {
      const found = `${pid} (${programOf(worker.pid) ?? printable(entry.name, 32)}) started at tick ${entry.start}`;
      return isStuck(entry)
        ? unknown(`${found} is stuck in the kernel, state ${entry.state}`)
        : yes(`${found} lives, state ${entry.state}`);
    }
  }
  if (gap !== null) return unknown(gap);
  if (entry === 'absent') return no(`no process has ${pid}`);
  if (entry === 'hidden') return unknown(`${pid} is there or hidden, and cannot be read`);
  if (entry.isDead) return no(`${pid} is dead, state ${entry.state}`);
  if (worker.processStart === 0) return unknown(`${pid} lives, but the worker did not name its start time`);
  return no(
    `pid-reused: ${pid} (${printable(entry.name, 32)}) started at tick ${entry.start}, the worker at ${worker.processStart}`,
  );
}

export function lookAtWorker(task: LookTask, sameBoot: Seen): Seen {
  if (!task.isMyHost) return unknown('the lease is of another host');
  if (sameBoot.value === 'no') return no(`other boot: ${sameBoot.how}`);
  if (sameBoot.value === 'unknown') return unknown(sameBoot.how);
  return judgeWorker(task.worker, lookAtProcess(task.worker.pid), namespaceGap(task.worker));
}
