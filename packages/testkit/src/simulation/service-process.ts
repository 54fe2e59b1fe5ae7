import { FoldAndPay, type Duty, type Opener, type RuntimeSignal } from '@profile-warden/service';
import type { Appender } from '@profile-warden/events';
import type { MemoryLog, ProcessClock } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';
import type { Interference } from './interference.ts';
import { SIM_POLICY } from './sim-policy.ts';

/** Ms after which a supervisor starts a service again that has ended by itself. */
const SUPERVISOR_MS = 1_000;

/** What one start of a service consists of. */
export interface ServiceParts {
  readonly process: ProcessClock;
  readonly appender: Appender;
  readonly instanceId: string;
}

export interface ServiceKind {
  readonly name: string;
  readonly group: string;
  readonly duty: (parts: ServiceParts) => Duty;
  readonly opener: (parts: ServiceParts) => Opener;
  readonly failureIsLoss?: boolean;
  readonly background?: (runtime: FoldAndPay, parts: ServiceParts) => void;
}

/**
 * One place in which a service runs. *Down* → `start` → *up* ⇄ *paused* → *down* by `crash`, which may come between
 * any two effects: the process never goes on, and what it has sent is on its way. A runtime that says it cannot go on
 * crashes by itself. Each start is another instance that knows nothing of the one before it.
 */
export class ServiceProcess {
  readonly kind: ServiceKind;
  readonly #log: MemoryLog;
  readonly #random: Random;
  readonly #interference: Interference;
  readonly #onSignal: (signal: RuntimeSignal) => void;
  /** Its name in a story. */
  readonly place: string;
  #starts = 0;
  #process: ProcessClock | null = null;
  #runtime: FoldAndPay | null = null;

  constructor(
    kind: ServiceKind,
    place: string,
    log: MemoryLog,
    random: Random,
    interference: Interference,
    onSignal: (signal: RuntimeSignal) => void,
  ) {
    this.kind = kind;
    this.place = place;
    this.#log = log;
    this.#random = random;
    this.#interference = interference;
    this.#onSignal = onSignal;
  }

  get isUp(): boolean {
    return this.#process !== null;
  }

  get runtime(): FoldAndPay | null {
    return this.#runtime;
  }

  start(): void {
    if (this.#process !== null) return;
    this.#starts += 1;
    const { kind } = this;
    const process = this.#log.clock.process();
    this.#process = process;
    const reader = this.#log.reader(process, { groupId: kind.group });
    const parts: ServiceParts = {
      process,
      appender: this.#log.appender(process),
      instanceId: `${this.place}.${this.#starts}`,
    };
    // A supervisor starts again what has ended by itself.
    const over = (): void => {
      if (this.#process !== process) return;
      this.crash();
      this.#log.clock.after(SUPERVISOR_MS, () => this.start());
    };
    const runtime = new FoldAndPay({
      duty: kind.duty(parts),
      policy: SIM_POLICY,
      reader,
      opener: this.#interference.opener(kind.opener(parts), this.place, process, over),
      clock: process,
      random: () => this.#random.next(),
      failureIsLoss: kind.failureIsLoss ?? false,
      onSignal: this.#onSignal,
    });
    this.#runtime = runtime;
    void runtime.start();
    kind.background?.(runtime, parts);
    runtime.failed.catch(over);
    reader.failed.catch(over);
  }

  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  crash(): void {
    this.#process?.kill();
    this.#process = null;
    this.#runtime = null;
  }
}
