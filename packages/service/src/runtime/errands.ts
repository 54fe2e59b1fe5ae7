import type { Clock, WardenEvent } from '@profile-warden/events';
import type { Work } from './duty.ts';

type Errand = Extract<Work, { run: unknown }>;

export interface ErrandsOptions {
  readonly clock: Clock;
  readonly signal: AbortSignal;
  /** Most that run at once. Default 16. */
  readonly atOnceMax: number | undefined;
  /** All that the profile owes at this moment. Throws what the duty throws. */
  readonly owedNow: (scope: string) => readonly Work[];
  readonly onEvent: (scope: string, event: WardenEvent) => void;
  /** The profile may be looked at again. */
  readonly onSettled: (scope: string) => void;
  readonly onFailed: (scope: string, error: unknown) => void;
}

const AT_ONCE_MAX = 16;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 10_000;
const FAILURES_MAX = 1_000;

/**
 * Work outside the log that ends in an event: a look at a host, a fence raised. Bounded, each key once at a time. Who finds
 * no place waits in line, and is asked again what it owes when its turn comes: somebody else may have paid by then.
 */
export class Errands {
  readonly #options: ErrandsOptions;
  readonly #atOnceMax: number;
  readonly #underWay = new Map<string, string>();
  readonly #queue: Errand[] = [];
  readonly #failures = new Map<string, number>();
  #running = 0;

  constructor(options: ErrandsOptions) {
    this.#options = options;
    this.#atOnceMax = options.atOnceMax ?? AT_ONCE_MAX;
  }

  isUnderWay(scope: string): boolean {
    for (const running of this.#underWay.values()) if (running === scope) return true;
    return false;
  }

  start(errand: Errand): void {
    if (this.#underWay.has(errand.key)) return;
    this.#underWay.set(errand.key, errand.scope);
    if (this.#running < this.#atOnceMax) void this.#run(errand);
    else this.#queue.push(errand);
  }

  #next(): void {
    const { signal, onSettled } = this.#options;
    while (this.#running < this.#atOnceMax && !signal.aborted) {
      const waiting = this.#queue.shift();
      if (waiting === undefined) return;
      const errand = this.#renewed(waiting);
      if (errand !== null) void this.#run(errand);
      else {
        this.#underWay.delete(waiting.key);
        onSettled(waiting.scope);
      }
    }
  }

  /** The same errand, begun from what is known now; null where it is no longer owed. */
  #renewed({ key, scope }: Errand): Errand | null {
    const { owedNow, onFailed } = this.#options;
    try {
      return owedNow(scope).find((work): work is Errand => 'run' in work && work.key === key) ?? null;
    } catch (error) {
      onFailed(scope, error);
      return null;
    }
  }

  async #run(errand: Errand): Promise<void> {
    const { signal, clock, onSettled } = this.#options;
    this.#running += 1;
    const waitMs = await this.#attempt(errand);
    // Whoever waits to be tried again keeps its key, not its place: the next in line may be luckier.
    this.#running -= 1;
    this.#next();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    this.#underWay.delete(errand.key);
    if (!signal.aborted) onSettled(errand.scope);
  }

  /** Returns how long to wait before the profile is looked at again. */
  async #attempt({ key, scope, run }: Errand): Promise<number> {
    const { signal, onEvent, onFailed } = this.#options;
    const isOver = (): boolean => signal.aborted;
    if (isOver()) return 0;
    try {
      const event = await run(signal);
      this.#failures.delete(key);
      if (event !== null && !isOver()) onEvent(scope, event);
      return 0;
    } catch (error) {
      if (isOver()) return 0;
      const failures = this.#failed(key);
      onFailed(scope, error);
      return Math.min(RETRY_MAX_MS, RETRY_FIRST_MS * 2 ** Math.min(failures - 1, 10));
    }
  }

  #failed(key: string): number {
    const failures = (this.#failures.get(key) ?? 0) + 1;
    this.#failures.delete(key);
    this.#failures.set(key, failures);
    // The oldest belongs to a case that has gone on without it.
    const oldest = this.#failures.keys().next();
    if (this.#failures.size > FAILURES_MAX && oldest.done === false) this.#failures.delete(oldest.value);
    return failures;
  }
}
