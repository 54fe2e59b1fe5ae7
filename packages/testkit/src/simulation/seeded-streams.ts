import type { VirtualClock } from '../memory/index.ts';
import { Random } from '../walk/random.ts';

/** FNV-1a, so that streams of like names have nothing in common. */
const hashOf = (text: string): number => {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  return hash >>> 0;
};

/** All randomness of one run. Streams know nothing of each other, so what is left out of one leaves the others alone. */
export class SeededStreams {
  readonly #seed: number;
  readonly #clock: VirtualClock;

  constructor(seed: number, clock: VirtualClock) {
    this.#seed = Math.imul(seed, 0x9e3779b1) ^ 0x5bd1e995;
    this.#clock = clock;
  }

  /** What is drawn depends on the draws before it. */
  of(name: string): Random {
    return new Random(Math.imul(this.#seed ^ hashOf(name), 0x85ebca6b));
  }

  /** What is drawn depends on the instant, and within it on the draws before it: the past may change without it. */
  timed(name: string): Random {
    return new TimedRandom(Math.imul(this.#seed ^ hashOf(name), 0xc2b2ae35), this.#clock);
  }
}

class TimedRandom extends Random {
  readonly #seed: number;
  readonly #clock: VirtualClock;
  #drawnAtMs = -1;

  constructor(seed: number, clock: VirtualClock) {
    super(seed);
    this.#seed = seed;
    this.#clock = clock;
  }

  override next(): number {
    const now = this.#clock.now();
    if (now !== this.#drawnAtMs) {
      this.#drawnAtMs = now;
      this.restart(this.#seed ^ Math.imul(Math.floor(now * 8) + 1, 0x9e3779b1));
    }
    return super.next();
  }
}
