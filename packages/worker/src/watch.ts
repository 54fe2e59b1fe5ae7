import type { WorkerClock } from './ports.ts';

interface Waiter {
  readonly holds: () => boolean;
  readonly settle: (held: boolean) => void;
}

/**
 * Waiting for a state to be reached. Whoever changes the state calls `changed`; a waiter whose condition holds then is
 * settled in the same turn, so that no record folded later can hide the moment.
 */
export class Watch {
  readonly #clock: WorkerClock;
  /** Never changed, only replaced. */
  #waiters: readonly Waiter[] = [];

  constructor(clock: WorkerClock) {
    this.#clock = clock;
  }

  changed(): void {
    for (const waiter of this.#waiters) if (waiter.holds()) waiter.settle(true);
  }

  /** True when the condition holds, false when `limitMs` have passed or the signal aborted first. */
  until(holds: () => boolean, limitMs: number, signal?: AbortSignal): Promise<boolean> {
    if (holds()) return Promise.resolve(true);
    if (signal?.aborted === true || limitMs <= 0) return Promise.resolve(false);
    return new Promise((resolve) => {
      const timer = new AbortController();
      const aborted = (): void => waiter.settle(false);
      const waiter: Waiter = {
        holds,
        settle: (held) => {
          this.#waiters = this.#waiters.filter((one) => one !== waiter);
          signal?.removeEventListener('abort', aborted);
          timer.abort();
          resolve(held);
        },
      };
      this.#waiters = [...this.#waiters, waiter];
      signal?.addEventListener('abort', aborted, { once: true });
      void this.#clock.sleep(limitMs, timer.signal).then(() => {
        if (!timer.signal.aborted) waiter.settle(false);
      });
    });
  }
}

/** The outcome of `work`, or undefined when `limitMs` have passed or the signal aborted; `work` then goes on unheard. */
export async function within<T>(
  work: Promise<T>,
  clock: WorkerClock,
  limitMs: number,
  signal?: AbortSignal,
): Promise<{ readonly value: T } | undefined> {
  const timer = new AbortController();
  const stop = (): void => timer.abort();
  signal?.addEventListener('abort', stop, { once: true });
  if (signal?.aborted === true) stop();
  try {
    return await Promise.race([
      work.then((value) => ({ value })),
      clock.sleep(limitMs, timer.signal).then(() => undefined),
    ]);
  } finally {
    work.catch(() => undefined);
    signal?.removeEventListener('abort', stop);
    timer.abort();
  }
}
