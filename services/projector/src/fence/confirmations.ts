import type { Clock } from '@profile-warden/events';
import type { FenceChange } from '@profile-warden/postgres';

interface Waiter {
  readonly token: number;
  readonly resolve: (incarnation: string) => void;
}

/** Those who wait until writes with a token can no longer commit. Each waits a bounded time. */
export class Confirmations {
  readonly #waiters = new Map<string, Set<Waiter>>();

  /** The database that enforces it, or null when the time is over. */
  async wait(change: FenceChange, clock: Clock, waitMs: number, signal: AbortSignal): Promise<string | null> {
    const { profileId, token } = change;
    const over = new AbortController();
    let incarnation: string | null = null;
    const waiter: Waiter = {
      token,
      resolve: (by) => {
        incarnation = by;
        over.abort();
      },
    };
    const waiters = this.#waiters.get(profileId) ?? new Set();
    waiters.add(waiter);
    this.#waiters.set(profileId, waiters);
    try {
      await clock.sleep(waitMs, AbortSignal.any([signal, over.signal]));
      return incarnation;
    } finally {
      waiters.delete(waiter);
      if (waiters.size === 0) this.#waiters.delete(profileId);
    }
  }

  /** The row was set after the mark was committed: every token it has done away with is confirmed. */
  settle(change: FenceChange, incarnation: string): void {
    const dead = change.status === 'held' ? change.token - 1 : change.token;
    for (const waiter of this.#waiters.get(change.profileId) ?? [])
      if (waiter.token <= dead) waiter.resolve(incarnation);
  }
}
