import type { Clock } from '@profile-warden/events';

/** Lets everything run that waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** What every calendar shows at 0, as far as it is not off. */
export const FIRST_WALL_MS = 1_700_000_000_000;

/** No world has so much to do in one millisecond: something goes round for ever. */
const FIRED_AT_ONCE_MAX = 100_000;

interface Timer {
  readonly at: number;
  readonly fire: () => void;
}

/** The only time there is: it stands still until it is advanced, and then fires what has become due one by one. */
export class VirtualClock implements Clock {
  #now = 0;
  /** Timers fired since time last moved. */
  #firedAtOnce = 0;
  /** By time, and by the order of the calls within one instant. */
  readonly #timers: Timer[] = [];

  now(): number {
    return this.#now;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => this.wait(ms, signal, resolve));
  }

  /** Calls back once: when the time has passed, or with the signal. */
  wait(ms: number, signal: AbortSignal | undefined, done: () => void): void {
    if (signal === undefined) {
      this.after(ms, done);
      return;
    }
    if (signal.aborted) {
      done();
      return;
    }
    const cancel = this.after(ms, () => {
      signal.removeEventListener('abort', aborted);
      done();
    });
    const aborted = (): void => {
      cancel();
      done();
    };
    signal.addEventListener('abort', aborted, { once: true });
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
  process(skew?: Skew): ProcessClock {
    return new ProcessClock(this, skew);
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
   * Fires what is due. A tick that a microtask asks for comes when no microtask is left, so between two timers everything
   * runs that waits for nothing but its turn; before the first and behind the last the event loop itself goes round.
   */
  #turn(until: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const fire = (): void => {
        if (!this.#isDue(until)) {
          setImmediate(resolve);
          return;
        }
        try {
          this.#fireFirst();
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
          return;
        }
        queueMicrotask(later);
      };
      const later = (): void => process.nextTick(fire);
      setImmediate(fire);
    });
  }

  #fireFirst(): void {
    const first = this.#timers.shift();
    if (first === undefined) return;
    this.#firedAtOnce = first.at > this.#now ? 1 : this.#firedAtOnce + 1;
    this.#now = Math.max(this.#now, first.at);
    if (this.#firedAtOnce > FIRED_AT_ONCE_MAX)
      throw new Error(
        `${FIRED_AT_ONCE_MAX} timers fired at ${this.#now} ms and time does not go on: something waits in a circle`,
      );
    first.fire();
  }
}

/** How a process's own clock is off: what it shows at first, and how many of its ms pass in one. */
export interface Skew {
  readonly offsetMs: number;
  readonly rate: number;
}

const EXACT: Skew = { offsetMs: 0, rate: 1 };

/**
 * Time as one process lives through it. *Running* ⇄ *paused*: time goes on and nothing of it happens before `resume` →
 * *dead* by `kill`, for ever: whatever waits never goes on.
 */
export class ProcessClock implements Clock {
  readonly world: VirtualClock;
  /** How far its calendar is off; unlike `now` it may jump. */
  wallSkewMs = 0;
  readonly #skew: Skew;
  readonly #owner: ProcessClock | null;
  #mode: 'running' | 'paused' | 'dead' = 'running';
  readonly #held: (() => void)[] = [];
  readonly #mourners = new Set<() => void>();

  constructor(world: VirtualClock, skew: Skew = EXACT, owner: ProcessClock | null = null) {
    this.world = world;
    this.#skew = skew;
    this.#owner = owner;
  }

  /** A line to somewhere: it stands still by itself, and whenever the process does. */
  line(): ProcessClock {
    return new ProcessClock(this.world, this.#skew, this);
  }

  get isDead(): boolean {
    return this.#mode === 'dead' || this.#owner?.isDead === true;
  }

  get isPaused(): boolean {
    return this.#mode === 'paused';
  }

  /** Neither it nor the process that it belongs to stands still: a turn would come at once. */
  get isGoing(): boolean {
    return this.#mode === 'running' && this.#owner?.isGoing !== false;
  }

  /** Monotonic ms by its own clock. */
  now(): number {
    return this.#skew.offsetMs + this.world.now() * this.#skew.rate;
  }

  /** Calendar time by its own clock, epoch ms. */
  wallNow(): number {
    return FIRST_WALL_MS + Math.floor(this.world.now()) + this.wallSkewMs;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) =>
      this.world.wait(ms / this.#skew.rate, signal, () => this.#whenGoing(resolve)),
    );
  }

  /** Resolves when the process may go on: at once, unless it stands still. */
  turn(): Promise<void> {
    return new Promise((resolve) => this.#whenGoing(resolve));
  }

  /** By callbacks all the way: every promise on it would cost each of a run's ten thousand waits a turn. */
  #whenGoing(go: () => void): void {
    if (this.#mode === 'paused') this.#held.push(() => this.#whenGoing(go));
    else if (this.#mode === 'running') {
      if (this.#owner === null) go();
      else this.#owner.#whenGoing(go);
    }
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
    if (this.#mode === 'dead') return;
    this.#mode = 'dead';
    this.#held.length = 0;
    for (const mourn of this.#mourners) mourn();
  }

  /** What others notice of its death, as of a connection that breaks. Returns what takes it back. */
  onDeath(mourn: () => void): () => void {
    this.#mourners.add(mourn);
    return () => void this.#mourners.delete(mourn);
  }
}
