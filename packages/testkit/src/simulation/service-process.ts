import { FoldAndPay, type Duty, type Opener, type RuntimeSignal } from '@profile-warden/service';
import type { Appender } from '@profile-warden/events';
import type { MemoryLog, ProcessClock, Skew } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';
import type { Interference } from './interference.ts';
import { SIM_POLICY } from './sim-policy.ts';

/** Ms after which a supervisor starts a service again that has ended by itself. */
const SUPERVISOR_MS = 1_000;

/** What one start of a service is given. */
export interface ServiceParts {
  readonly process: ProcessClock;
  /** Its connection to the broker. */
  readonly line: ProcessClock;
  readonly appender: Appender;
  readonly instanceId: string;
  readonly place: string;
}

/** What makes it this service. */
export interface ServiceBody {
  readonly duty: Duty;
  readonly opener: Opener;
  /** Runs beside the runtime; `over` ends the process. */
  readonly background?: (over: () => void, runtime: FoldAndPay) => void;
}

export interface ServiceKind {
  readonly name: string;
  readonly group: string;
  readonly body: (parts: ServiceParts) => ServiceBody;
  readonly failureIsLoss?: boolean;
}

/** No two clocks show the same, and some run too fast or too slow. */
export const skewOf = (random: Random): Skew => ({
  offsetMs: random.between(0, 1_000_000),
  rate: random.chance(0.5) ? 1 : 1 + random.between(-5, 5) / 1_000,
});

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
  #line: ProcessClock | null = null;
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
    const process = this.#log.clock.process(skewOf(this.#random));
    const line = process.line();
    this.#process = process;
    this.#line = line;
    const reader = this.#log.reader(line, { groupId: kind.group });
    const body = kind.body({
      process,
      line,
      appender: this.#log.appender(line),
      instanceId: `${this.place}.${this.#starts}`,
      place: this.place,
    });
    // A supervisor starts again what has ended by itself.
    const over = (): void => {
      if (this.#process !== process) return;
      this.crash();
      this.#log.clock.after(SUPERVISOR_MS, () => this.start());
    };
    const runtime = new FoldAndPay({
      duty: body.duty,
      policy: SIM_POLICY,
      reader,
      opener: this.#interference.opener(body.opener, this.place, process, over),
      clock: process,
      random: () => this.#random.next(),
      failureIsLoss: kind.failureIsLoss ?? false,
      onSignal: this.#onSignal,
    });
    this.#runtime = runtime;
    void runtime.start();
    body.background?.(over, runtime);
    runtime.failed.catch(over);
    reader.failed.catch(over);
  }

  pause(): void {
    this.#process?.pause();
  }

  resume(): void {
    this.#process?.resume();
  }

  /** It runs, and no word of it reaches the broker or comes from there. */
  cutOff(): void {
    this.#line?.pause();
  }

  connect(): void {
    this.#line?.resume();
  }

  /** Its calendar is set to another time. */
  setWall(skewMs: number): void {
    if (this.#process !== null) this.#process.wallSkewMs = skewMs;
  }

  crash(): void {
    this.#process?.kill();
    this.#process = null;
    this.#line = null;
    this.#runtime = null;
  }
}
