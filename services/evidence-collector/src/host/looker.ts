import { fork, type ChildProcess } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { LookParts, LookTask, PartMessage } from './look-task.ts';

const PROGRAM = fileURLToPath(new URL('./look-process.ts', import.meta.url));
// A looking process takes some 60 MB and one core.
const MAX_RUNNING_COUNT = 4;
// Killed, but held by the kernel until its mount answers: they cost memory, so they are bounded too.
const MAX_HUNG_COUNT = 16;
// Of a host that is lost with hundreds of leases all are looked at together: who is last in line must not use up an
// attempt for that. By then the stand-in has spoken for it as often as is allowed.
const PLACE_WAIT_MAX_MS = 300_000;

export interface LookOutcome {
  readonly parts: Partial<LookParts>;
  /** Why parts may be missing; null when the process came to its end. */
  readonly shortfall: string | null;
}

class Slots {
  #running = 0;
  #hung = 0;
  readonly #waiting: (() => void)[] = [];

  isFull(): boolean {
    return this.#hung >= MAX_HUNG_COUNT;
  }

  /** False when no slot came free in time. */
  take(boundMs: number): Promise<boolean> {
    if (this.#running < MAX_RUNNING_COUNT) {
      this.#running++;
      return Promise.resolve(true);
    }
    return new Promise((resolve) => {
      const enter = () => {
        clearTimeout(timer);
        this.#running++;
        resolve(true);
      };
      const timer = setTimeout(() => {
        this.#waiting.splice(this.#waiting.indexOf(enter), 1);
        resolve(false);
      }, boundMs);
      this.#waiting.push(enter);
    });
  }

  leave(): void {
    this.#running--;
    this.#waiting.shift()?.();
  }

  /** A child that is still there was killed, and counts as hung until the kernel lets go of it. */
  release(child: ChildProcess): void {
    if (child.pid !== undefined && child.exitCode === null && child.signalCode === null) {
      this.#hung++;
      child.once('exit', () => this.#hung--);
    }
    this.leave();
  }
}

const slots = new Slots();

/** Collects what the process tells until it ends, the time is over or the caller gives up. */
function collect(
  child: ChildProcess,
  task: LookTask,
  signal: AbortSignal,
  timeLimitMs: number,
): Promise<LookOutcome> {
  const parts: Partial<LookParts> = {};
  return new Promise((resolve) => {
    const settle = (shortfall: string | null) => {
      clearTimeout(timer);
      signal.removeEventListener('abort', giveUp);
      resolve({ parts, shortfall });
    };
    const giveUp = () => settle('the look was given up');
    const timer = setTimeout(() => settle(`no answer within ${timeLimitMs} ms`), timeLimitMs);
    signal.addEventListener('abort', giveUp, { once: true });
    child.on('message', (message) => {
      const { part, report } = message as PartMessage;
      Object.assign(parts, { [part]: report });
    });
    child.once('error', () => settle('the looking process could not be started'));
    // Messages may still be under way when the process has ended: the channel closes behind the last one.
    let end: string | null | undefined;
    child.once('exit', (code) => {
      end = code === 0 ? null : 'the looking process ended early';
      if (!child.connected) settle(end);
    });
    child.once('disconnect', () => {
      if (end !== undefined) settle(end);
    });
    child.send(task, (error) => {
      if (error !== null) settle('the looking process ended early');
    });
  });
}

const TOO_MANY_HANG: LookOutcome = { parts: {}, shortfall: `${MAX_HUNG_COUNT} earlier looks still hang` };

/** What a process has seen within `timeLimitMs` of its start; it may wait longer for its place among the others. */
export async function runLook(
  task: LookTask,
  signal: AbortSignal,
  timeLimitMs: number,
): Promise<LookOutcome> {
  if (slots.isFull()) return TOO_MANY_HANG;
  if (!(await slots.take(PLACE_WAIT_MAX_MS)))
    return { parts: {}, shortfall: `no look could start within ${PLACE_WAIT_MAX_MS} ms` };
  // Much may have begun to hang while it waited.
  if (signal.aborted || slots.isFull()) {
    slots.leave();
    return signal.aborted ? { parts: {}, shortfall: 'the look was given up' } : TOO_MANY_HANG;
  }
  // No environment: the passwords of the service are no business of this process.
  const child = fork(PROGRAM, [], { env: {}, execArgv: [], stdio: ['ignore', 'ignore', 'ignore', 'ipc'] });
  try {
    return await collect(child, task, signal, timeLimitMs);
  } finally {
    child.on('error', () => undefined);
    if (child.exitCode === null && child.signalCode === null) child.kill('SIGKILL');
    if (child.connected) child.disconnect();
    child.unref();
    slots.release(child);
  }
}
