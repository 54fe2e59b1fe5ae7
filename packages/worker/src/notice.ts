import { detailOf } from './errors.ts';

/**
 * What a worker tells about itself while it runs, for logs and metrics. Every notice names something that the worker
 * has already dealt with; nothing depends on whether anybody listens.
 */
export type WorkerNotice =
  /** Unknown, not loss: the lease goes on until its local deadline. */
  | { readonly type: 'heartbeat-failed'; readonly profileIds: readonly string[]; readonly detail: string }
  | { readonly type: 'lease-paused'; readonly profileId: string; readonly token: number }
  | {
      readonly type: 'lease-resumed';
      readonly profileId: string;
      readonly token: number;
      readonly pausedMs: number;
    }
  | {
      readonly type: 'lease-lost';
      readonly profileId: string;
      readonly token: number;
      readonly detail: string;
    }
  /** A grant came after its acquire had given up; it is released unused. */
  | { readonly type: 'late-grant'; readonly profileId: string; readonly token: number }
  | {
      readonly type: 'step-unrecorded';
      readonly profileId: string;
      readonly stepId: string;
      readonly detail: string;
    }
  | {
      readonly type: 'release-unanswered';
      readonly profileId: string;
      readonly token: number;
      readonly detail: string;
    }
  /** The start waits for a part that is not there yet; `code` as in the setup errors of the Kafka package. */
  | { readonly type: 'start-waiting'; readonly code: string; readonly detail: string }
  /** Some partition can no longer be read by this process, which should be restarted. */
  | { readonly type: 'log-unreadable'; readonly detail: string }
  /** A callback of the caller threw; it is called again at the next occasion. */
  | { readonly type: 'callback-failed'; readonly callback: string; readonly detail: string }
  /** The event loop was that late; a worker that lags by seconds should do less in one process. */
  | { readonly type: 'loop-lag'; readonly lagMs: number };

export type OnNotice = (notice: WorkerNotice) => void;

/** A listener that throws must not break the loop that told it. */
export const safeNotice =
  (listener: OnNotice | undefined): OnNotice =>
  (notice) => {
    try {
      listener?.(notice);
    } catch {
      // Observers have no say.
    }
  };

/**
 * Callbacks of one kind. They are called one after the other, errors become notices, and the promises they return
 * are counted so that a shutdown can wait for them.
 */
export class Callbacks<T> {
  readonly #name: string;
  readonly #notice: OnNotice;
  #running = 0;
  /** Never changed, only replaced: whoever is being told hears them as they were. */
  #listeners: readonly ((value: T) => unknown)[] = [];

  constructor(name: string, notice: OnNotice) {
    this.#name = name;
    this.#notice = notice;
  }

  /** Calls whose promise has not settled yet. */
  get running(): number {
    return this.#running;
  }

  /** Returns a function that removes the callback again. */
  add(listener: (value: T) => unknown): () => void {
    const others = this.#listeners.filter((one) => one !== listener);
    this.#listeners = [...others, listener];
    return () => {
      this.#listeners = this.#listeners.filter((one) => one !== listener);
    };
  }

  /** Resolves when all that the callbacks returned has settled; never rejects. */
  async call(value: T): Promise<void> {
    await Promise.all(this.#listeners.map((listener) => this.callOne(listener, value)));
  }

  async callOne(listener: (value: T) => unknown, value: T): Promise<void> {
    this.#running += 1;
    try {
      await listener(value);
    } catch (error) {
      this.#notice({ type: 'callback-failed', callback: this.#name, detail: detailOf(error) });
    } finally {
      this.#running -= 1;
    }
  }
}
