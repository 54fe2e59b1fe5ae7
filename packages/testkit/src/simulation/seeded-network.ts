import type { Fate, Network, RequestKind } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';

/** Ms after which a client gives a request up. */
const GIVE_UP_MS = 1_500;
/** Share of requests that fail. */
const REQUEST_FAULTS = 0.05;

/** Short and long delays, lost requests and lost answers by a seed; *healed*, everything arrives within milliseconds. */
export class SeededNetwork implements Network {
  readonly #random: Random;
  readonly #count: (what: string) => void;
  isHealed = false;
  /** No request reaches the broker. */
  isOut = false;

  constructor(random: Random, count: (what: string) => void) {
    this.#random = random;
    this.#count = count;
  }

  fate(kind: RequestKind): Fate {
    const random = this.#random;
    const reachMs = this.#delayMs();
    if (this.isOut) return { sendMs: 0, reachMs: null, isAnswered: false, answerMs: GIVE_UP_MS };
    if (this.isHealed || !random.chance(REQUEST_FAULTS))
      return { sendMs: 0, reachMs, isAnswered: true, answerMs: random.between(0, 3) };
    const fault = random.weighted([
      [2, 'lost'],
      [2, 'unanswered'],
      [1, 'late'],
    ] as const);
    this.#count(`fault ${fault} ${kind}`);
    if (fault === 'lost') return { sendMs: 0, reachMs: null, isAnswered: false, answerMs: GIVE_UP_MS };
    const lateMs = fault === 'late' ? random.between(GIVE_UP_MS, 6_000) : reachMs;
    return { sendMs: random.between(0, 20), reachMs: lateMs, isAnswered: false, answerMs: GIVE_UP_MS };
  }

  fetchMs(): number {
    return this.#delayMs() + 1;
  }

  cut(available: number): number {
    return this.isHealed || this.#random.chance(0.7) ? available : 1 + this.#random.whole(available);
  }

  markerMs(): number {
    return this.#delayMs();
  }

  #delayMs(): number {
    const random = this.#random;
    return !this.isHealed && random.chance(0.02) ? random.between(50, 1_200) : random.between(0, 12);
  }
}
