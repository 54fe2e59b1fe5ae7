import type { Policy } from '@profile-warden/domain';
import { FoldAndPay, type Duty, type Opener, type RuntimeSignal } from '@profile-warden/service';
import type { MemoryLog, ProcessClock } from '@profile-warden/testkit/memory';

/** What makes a process this service. */
export interface ServiceBody {
  readonly duty: Duty;
  readonly opener: Opener;
  readonly beside?: (runtime: FoldAndPay) => void;
}

export interface Place {
  readonly group: string;
  readonly policy: Policy;
  readonly body: (process: ProcessClock, instanceId: string) => ServiceBody;
}

/** One place for a service: *down* → `start` → *up* ⇄ *paused* → *down* by `kill`. Each start knows nothing of the last. */
export class FieldService {
  readonly signals: RuntimeSignal[] = [];
  readonly #log: MemoryLog;
  readonly #place: Place;
  #process: ProcessClock | null = null;
  #runtime: FoldAndPay | null = null;
  #starts = 0;

  constructor(log: MemoryLog, place: Place) {
    this.#log = log;
    this.#place = place;
  }

  get runtime(): FoldAndPay {
    if (this.#runtime === null) throw new Error(`${this.#place.group} is down`);
    return this.#runtime;
  }

  get process(): ProcessClock {
    if (this.#process === null) throw new Error(`${this.#place.group} is down`);
    return this.#process;
  }

  async start(): Promise<void> {
    const { group, policy, body } = this.#place;
    this.#starts += 1;
    const process = this.#log.clock.process();
    const { duty, opener, beside } = body(process, `${group}-${this.#starts}`);
    const runtime = new FoldAndPay({
      duty,
      opener,
      policy,
      reader: this.#log.reader(process, { groupId: group }),
      clock: process,
      random: () => 0.5,
      failureIsLoss: group === 'lease-authority',
      onSignal: (signal) => this.signals.push(signal),
    });
    this.#process = process;
    this.#runtime = runtime;
    await runtime.start();
    beside?.(runtime);
  }

  /** Between two effects, for ever: nothing of it happens any more, and the group hears of it by its silence. */
  kill(): void {
    this.#process?.kill();
    this.#process = null;
    this.#runtime = null;
  }
}
