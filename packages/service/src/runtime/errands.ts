import type { Clock, WardenEvent } from '@profile-warden/events';
import type { Work } from './duty.ts';

type Errand = Extract<Work, { run: unknown }>;

export interface ErrandsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onEvent: (scope: string, event: WardenEvent) => void;
  /** The profile may be looked at again. */
  readonly onSettled: (scope: string) => void;
  readonly onFailed: (scope: string, error: unknown) => void;
}

const AT_ONCE_MAX = 16;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 10_000;

/** Work outside the log that ends in an event: a look at a host, a fence raised. Bounded, each key once at a time. */
export class Errands {
  readonly #options: ErrandsOptions;
  readonly #underWay = new Map<string, string>();
  readonly #queue: Errand[] = [];
  readonly #failures = new Map<string, number>();
  #running = 0;

  constructor(options: ErrandsOptions) {
    this.#options = options;
  }

  isUnderWay(scope: string): boolean {
    for (const running of this.#underWay.values()) if (running === scope) return true;
    return false;
  }

  start(errand: Errand): void {
    if (this.#underWay.has(errand.key)) return;
    this.#underWay.set(errand.key, errand.scope);
    this.#queue.push(errand);
    this.#next();
  }

  #next(): void {
    while (this.#running < AT_ONCE_MAX) {
      const errand = this.#queue.shift();
      if (errand === undefined) return;
      this.#running += 1;
      void this.#run(errand).finally(() => {
        this.#running -= 1;
        this.#underWay.delete(errand.key);
        if (!this.#options.signal.aborted) this.#options.onSettled(errand.scope);
        this.#next();
      });
    }
  }

  async #run({ key, scope, run }: Errand): Promise<void> {
    const { signal, clock, onEvent, onFailed } = this.#options;
    const isOver = (): boolean => signal.aborted;
    if (isOver()) return;
    try {
      const event = await run(signal);
      this.#failures.delete(key);
      if (event !== null && !isOver()) onEvent(scope, event);
    } catch (error) {
      if (isOver()) return;
      const failures = (this.#failures.get(key) ?? 0) + 1;
      this.#failures.set(key, failures);
      onFailed(scope, error);
      await clock.sleep(Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures, 10)), signal);
    }
  }
}
