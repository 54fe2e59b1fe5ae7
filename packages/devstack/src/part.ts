import { open } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { within } from './deadline.ts';
import { DevstackError, diskFull, saysDiskFull } from './error.ts';
import type { Guard, GuardedProcess } from './guard-client.ts';
import type { Exit, ProcessSpec } from './guard-protocol.ts';
import { portTaken } from './port.ts';

const TAIL_LINE_COUNT = 20;
const TAIL_BYTE_COUNT = 16_384;
const PROBE_INTERVAL_MS = 40;
const STOP_BOUND_MS = 15_000;
const KILL_BOUND_MS = 10_000;

/** How one part runs: everything is settled before the first start, so that a restart is the same again. */
export type PartPlan = {
  name: string;
  port: number;
  process: ProcessSpec;
  /** Called before each start. */
  prepare?(): Promise<void>;
  /** Asked until it says yes. */
  isReady(): Promise<boolean>;
  readyBoundMs: number;
  /** A fault of the start that goes away by itself: the start is tried again, at most `startCount` times. */
  isPassing?(logTail: string): boolean;
  startCount?: number;
};

export async function logTail(file: string, lineCount = TAIL_LINE_COUNT): Promise<string> {
  try {
    const log = await open(file, 'r');
    try {
      const { size } = await log.stat();
      const start = Math.max(0, size - TAIL_BYTE_COUNT);
      const { buffer, bytesRead } = await log.read(Buffer.alloc(TAIL_BYTE_COUNT), 0, TAIL_BYTE_COUNT, start);
      return buffer.toString('utf8', 0, bytesRead).trimEnd().split('\n').slice(-lineCount).join('\n');
    } finally {
      await log.close();
    }
  } catch {
    return '(no log)';
  }
}

function describe(exit: Exit): string {
  return exit.signal === null ? `with code ${exit.code ?? 'none'}` : `by ${exit.signal}`;
}

/**
 * One part as a process: *stopped* → start → *running* → stop (polite) or kill (SIGKILL) → *stopped*. An end that
 * nobody asked for is told once to `onDied`.
 */
export class Part {
  readonly plan: PartPlan;
  readonly #guard: Guard;
  readonly #onDied: (error: DevstackError) => void;
  #process: GuardedProcess | undefined;
  #lastPid = 0;

  constructor(plan: PartPlan, guard: Guard, onDied: (error: DevstackError) => void) {
    this.plan = plan;
    this.#guard = guard;
    this.#onDied = onDied;
  }

  get pid(): number {
    return this.#lastPid;
  }

  async start(): Promise<void> {
    const startCount = this.plan.startCount ?? 1;
    for (let attempt = 1; ; attempt++) {
      try {
        await this.#startOnce(attempt === 1);
        return;
      } catch (error) {
        const tail = await logTail(this.plan.process.logFile);
        if (attempt >= startCount || this.plan.isPassing?.(tail) !== true) throw error;
        await sleep(250);
      }
    }
  }

  async #startOnce(isFirst: boolean): Promise<void> {
    const { plan } = this;
    await plan.prepare?.();
    const freshLog = isFirst && this.#lastPid === 0 && plan.process.freshLog;
    const running = await this.#guard.run({ ...plan.process, freshLog });
    this.#process = running;
    this.#lastPid = running.pid;
    const endsAt = performance.now() + plan.readyBoundMs;
    while (!(await plan.isReady())) {
      if (running.exit !== undefined) {
        this.#process = undefined;
        throw await this.#diedError(running.exit);
      }
      if (performance.now() >= endsAt) {
        await this.#end(running, 'SIGKILL', KILL_BOUND_MS);
        throw await this.#notReadyError();
      }
      await Promise.race([running.exited, sleep(PROBE_INTERVAL_MS)]);
    }
    void running.exited.then(async (exit) => {
      if (this.#process !== running) return;
      this.#process = undefined;
      this.#onDied(await this.#diedError(exit));
    });
  }

  async stop(): Promise<void> {
    const running = this.#process;
    if (running === undefined) return;
    if (await this.#end(running, this.plan.process.stopSignal, STOP_BOUND_MS)) return;
    await this.#end(running, 'SIGKILL', KILL_BOUND_MS);
  }

  async kill(signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
    if (this.#process !== undefined) await this.#end(this.#process, signal, KILL_BOUND_MS);
  }

  /** A signal that does not end it (SIGSTOP, SIGCONT, SIGUSR1). */
  async signal(signal: NodeJS.Signals): Promise<void> {
    await this.#process?.signal(signal);
  }

  /** True when the process has ended within the bound. */
  async #end(running: GuardedProcess, signal: NodeJS.Signals, boundMs: number): Promise<boolean> {
    this.#process = undefined;
    void running.signal(signal);
    return (await within(running.exited, boundMs)) !== undefined;
  }

  async #diedError(exit: Exit): Promise<DevstackError> {
    const { name, port, process: spec } = this.plan;
    const tail = await logTail(spec.logFile);
    if (saysDiskFull(tail)) return diskFull(spec.cwd);
    if (/Address already in use|could not bind/i.test(tail)) return portTaken(name, port);
    return new DevstackError(
      'part-died',
      `${name} ended ${describe(exit)}. The end of its log (${spec.logFile}):\n${tail}`,
    );
  }

  async #notReadyError(): Promise<DevstackError> {
    const { name, readyBoundMs, process: spec } = this.plan;
    return new DevstackError(
      'part-not-ready',
      `${name} was not ready within ${readyBoundMs} ms and was stopped. The end of its log (${spec.logFile}):\n` +
        (await logTail(spec.logFile)),
    );
  }
}
