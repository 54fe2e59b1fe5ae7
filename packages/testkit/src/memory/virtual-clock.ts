import type { Clock } from '@profile-warden/events';

/** Lets everything run that waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** A turn of the event loop asks the kernel for news, which costs more than most timers do. */
const TIMERS_PER_TURN = 32;

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** The only time there is: it stands still until it is advanced, and then fires what has become due one by one. */
export class VirtualClock implements Clock {
  #now = 0;
  /** By time, and by the order of the calls within one instant. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const cancel = this.after(ms, () => {
        signal?.removeEventListener('abort', aborted);
        resolve();
      });
      const aborted = (): void => {
        cancel();
        resolve();
      };
      signal?.addEventListener('abort', aborted, { once: true });
    });
  }

  /** Returns what takes it back. */
  after(ms: number, fire: () => void): () => void {
    const timer: Timer = { at: this.#now + Math.max(0, ms), fire };
    let low = 0;
    for (let high = this.#timers.length; low < high;) {
      const middle = (low + high) >> 1;
      if ((this.#timers[middle]?.at ?? Infinity) <= timer.at) low = middle + 1;
      else high = middle;
    }
    this.#timers.splice(low, 0, timer);
    return () => {
      const index = this.#timers.indexOf(timer);
      if (index >= 0) this.#timers.splice(index, 1);
    };
  }

  /** A process of its own: it can stand still or die while time goes on. */
  process(): ProcessClock {
    return new ProcessClock(this);
  }

  async advance(ms: number): Promise<void> {
    const until = this.#now + ms;
    do await this.#turn(until);
    while (this.#isDue(until));
    this.#now = until;
  }

  #isDue(until: number): boolean {
    const [first] = this.#timers;
    return first !== undefined && first.at <= until;
  }

  /**
   * Fires what is due, up to a bound. Between two immediates of one turn of the event loop everything runs that waits
   * for nothing but its turn, and so it does before the first timer and behind the last.
   */
  #turn(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fire = (): void => {
        try {
          if (this.#isDue(until)) this.#fireFirst();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
      };
      setImmediate(() => undefined);
      for (let count = 0; count < TIMERS_PER_TURN; count += 1) setImmediate(fire);
      setImmediate(resolve);
    });
  }

  #fireFirst(): void {
    const first = this.#timers.shift();
    if (first === undefined) return;
    this.#now = Math.max(this.#now, first.at);
    first.fire();
  }
}

/**
 * Time as one process lives through it. *Running* ⇄ *paused*: time goes on and nothing of it happens before `resume` →
 * *dead* by `kill`, for ever: whatever waits never goes on.
 */
export class ProcessClock implements Clock {
  readonly world: VirtualClock;
  #mode: 'running' | 'paused' | 'dead' = 'running';
  readonly #held: (() => void)[] = [];

  constructor(world: VirtualClock) {
    this.world = world;
  }

  get isDead(): boolean {
    return this.#mode === 'dead';
  }

  get isPaused(): boolean {
    return this.#mode === 'paused';
  }

  now(): number {
    return this.world.now();
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    await this.world.sleep(ms, signal);
    await this.turn();
  }

  /** Resolves when the process may go on: at once, unless it stands still. */
  turn(): Promise<void> {
    if (this.#mode === 'running') return Promise.resolve();
    return new Promise((resolve) => {
      if (this.#mode === 'paused') this.#held.push(resolve);
    });
  }

  pause(): void {
    if (this.#mode === 'running') this.#mode = 'paused';
  }

  resume(): void {
    if (this.#mode !== 'paused') return;
    this.#mode = 'running';
    for (const go of this.#held.splice(0)) go();
  }

  kill(): void {
    this.#mode = 'dead';
    this.#held.length = 0;
  }
}
