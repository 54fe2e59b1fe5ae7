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
 * Until when a worker may believe in its lease: a limit (leaseMs − marginMs) after the moment at which the newest
 * heartbeat that was read back had been handed to the log. Before the first one it may not at all.
 */
export class LeaseDeadline {
  readonly #clock: WorkerClock;
  readonly #limitMs: number;
  // Numbers, and not the instant that came: what is kept anew with each heartbeat of each lease would be most of what
  // survives in this thread, and make its heap grow.
  #monotonicMs = -Infinity;
  #wallMs = -Infinity;

  constructor(clock: WorkerClock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** A heartbeat that was handed to the log then was read back with the lease still its own. Called in log order. */
  confirmed(sent: Instant): void {
    if (sent.monotonicMs <= this.#monotonicMs) return;
    this.#monotonicMs = sent.monotonicMs;
    this.#wallMs = sent.wallMs;
  }

  /** Never negative; 0 before the first confirmation. */
  leftMs(): number {
    // The larger advance of both clocks: a monotonic clock stands still while the host sleeps, a wall clock may be set
    // back. Either one alone could make a lease look younger than it is.
    const monotonicMs = this.#clock.now() - this.#monotonicMs;
    const wallMs = this.#clock.wallNow() - this.#wallMs;
    return Math.max(0, this.#limitMs - Math.max(monotonicMs, wallMs));
  }

  isPast(): boolean {
    return this.leftMs() === 0;
  }
}
