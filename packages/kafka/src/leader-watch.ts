import type { OnSignal } from './signal.ts';

/** An election takes no longer in good order, nor does it take long until a broker that has died counts as away. */
const TOLD_AFTER_MS = 3_000;

interface Leaderless {
  readonly sinceMs: number;
  isTold: boolean;
}

/** Which partitions have no leader, of those that are asked for. What lasts longer than an election is told, once. */
export class LeaderWatch {
  readonly #signal: OnSignal;
  readonly #now: () => number;
  readonly #leaderless = new Map<number, Leaderless>();

  constructor(signal: OnSignal, now: () => number = () => performance.now()) {
    this.#signal = signal;
    this.#now = now;
  }

  isLed(partition: number): boolean {
    return !this.#leaderless.has(partition);
  }

  /** What the brokers have told last. */
  seen(partition: number, isLed: boolean): void {
    const before = this.#leaderless.get(partition);
    if (isLed) {
      this.#leaderless.delete(partition);
      if (before?.isTold === true) this.#signal({ type: 'partition-led', partition });
    } else if (before === undefined) {
      this.#leaderless.set(partition, { sinceMs: this.#now(), isTold: false });
    } else if (!before.isTold && this.#now() - before.sinceMs >= TOLD_AFTER_MS) {
      before.isTold = true;
      this.#signal({ type: 'partition-leaderless', partition });
    }
  }

  /** Nobody asks for it any more. */
  forget(partition: number): void {
    this.#leaderless.delete(partition);
  }
}
