import type { WorkerClock } from './ports.ts';

/** One moment by both clocks, in ms. */
interface Instant {
  readonly monotonicMs: number;
  readonly wallMs: number;
}

const instantOf = (clock: WorkerClock): Instant => ({
  monotonicMs: clock.now(),
  wallMs: clock.wallNow(),
});

/**
 * The larger advance of both clocks: a monotonic clock stands still while the host sleeps, a wall clock may be set
 * back. Either one alone could make a lease look younger than it is.
 */
const elapsedMs = (since: Instant, now: Instant): number =>
  Math.max(now.monotonicMs - since.monotonicMs, now.wallMs - since.wallMs);

/** Sends whose read-back is still awaited. One is outstanding at a time; more only while calls fail unknown. */
const MAX_UNCONFIRMED = 32;

/**
 * Until when a worker may believe in its lease: a limit (leaseMs − marginMs) after the moment at which the newest
 * heartbeat that was read back had been handed to the log. Before the first one it may not at all.
 */
export class LeaseDeadline {
  readonly #clock: WorkerClock;
  readonly #limitMs: number;
  readonly #sent = new Map<number, Instant>();
  #confirmed: Instant | null = null;

  constructor(clock: WorkerClock, limitMs: number) {
    this.#clock = clock;
    this.#limitMs = limitMs;
  }

  /** Called right before the heartbeat is handed to the log, so that queueing there counts as elapsed. */
  sent(seq: number): void {
    this.#sent.set(seq, instantOf(this.#clock));
    for (const oldest of this.#sent.keys()) {
      if (this.#sent.size <= MAX_UNCONFIRMED) break;
      this.#sent.delete(oldest);
    }
  }

  /** The heartbeat was read back with the lease still its own. */
  confirmed(seq: number): void {
    const sent = this.#sent.get(seq);
    if (sent === undefined) return;
    this.#confirmed = sent;
    for (const known of this.#sent.keys()) if (known <= seq) this.#sent.delete(known);
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
