import type { WorkerClock } from './ports.ts';

/** One moment by both clocks, in ms. */
export interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

export const instantOf = (clock: WorkerClock): Instant => ({
  monotonicMs: clock.now(),
  wallMs: clock.wallNow(),
});

/**
 * The larger advance of both clocks: a monotonic clock stands still while the host sleeps, a wall clock may be set
 * back. Either one alone could make a lease look younger than it is.
 */
const elapsedMs = (since: Instant, now: Instant): number =>
  Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);

/**
 * Until when a worker may believe in its lease: a limit (leaseMs − marginMs) after the moment at which the newest
 * heartbeat that was read back had been handed to the log. Before the first one it may not at all.
 */
export class LeaseDeadline {
  readonly #clock: WorkerClock;
  readonly #limitMs: number;
  #confirmed: Instant | null = null;

  constructor(clock: WorkerClock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** A heartbeat that was handed to the log then was read back with the lease still its own. Called in log order. */
  confirmed(sent: Instant): void {
    if (this.#confirmed === null || sent.monotonicMs > this.#confirmed.monotonicMs) this.#confirmed = sent;
  }

  /** Never negative; 0 before the first confirmation. */
  leftMs(): number {
    if (this.#confirmed === null) return 0;
    return Math.max(0, this.#limitMs - elapsedMs(this.#confirmed, instantOf(this.#clock)));
  }

  isPast(): boolean {
    return this.leftMs() === 0;
  }
}
