import type { OnNotice } from './notice.ts';
import type { WorkerClock } from './ports.ts';

/** Leases are looked at this many times per heartbeat interval, but not more often than the eye can tell. */
const SCANS_PER_INTERVAL = 20;
const SCAN_MIN_MS = 5;
const SCAN_MAX_MS = 500;
const LAG_NOTICE_MS = 1_000;

export const scanEveryMs = (heartbeatEveryMs: number): number =>
  Math.min(SCAN_MAX_MS, Math.max(SCAN_MIN_MS, Math.round(heartbeatEveryMs / SCANS_PER_INTERVAL)));

/** What time alone can change. */
export interface Reviewed {
  review(): void;
}

/**
 * The one timer in the thread of the caller: reviews every lease against its deadline, and says that this thread is
 * awake. It runs until `stop`.
 */
export class ReviewTimer {
  readonly #clock: WorkerClock;
  readonly #everyMs: number;
  readonly #notice: OnNotice;
  readonly #awake: (now: number) => void;
  readonly #stop = new AbortController();

  /** `awake` is called at each turn, with the monotonic time. */
  constructor(
    clock: WorkerClock,
    options: {
      readonly heartbeatEveryMs: number;
      readonly notice: OnNotice;
      readonly awake?: (now: number) => void;
    },
  ) {
    this.#clock = clock;
    this.#everyMs = scanEveryMs(options.heartbeatEveryMs);
    this.#notice = options.notice;
    this.#awake = options.awake ?? (() => undefined);
  }

  /** Never rejects. */
  async run(reviewed: () => Iterable<Reviewed>): Promise<void> {
    while (!this.#stop.signal.aborted) {
      this.#awake(this.#clock.now());
      const wakeAt = this.#clock.now() + this.#everyMs;
      await this.#clock.sleep(this.#everyMs, this.#stop.signal);
      const lagMs = Math.max(0, Math.round(this.#clock.now() - wakeAt));
      if (lagMs >= LAG_NOTICE_MS) this.#notice({ type: 'loop-lag', lagMs });
      for (const one of reviewed()) one.review();
    }
  }

  stop(): void {
    this.#stop.abort();
  }
}
