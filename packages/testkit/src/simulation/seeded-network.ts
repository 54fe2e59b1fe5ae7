import type { Fate, Network, RequestKind } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';

/** Ms after which a client gives a request up. */
const GIVE_UP_MS = 1_500;
const REQUEST_FAULT_SHARE = 0.05;
/** What may become of one request. */
export const REQUEST_FAULTS = ['lost', 'unanswered', 'late'] as const;
const WEIGHTS: readonly (readonly [number, (typeof REQUEST_FAULTS)[number]])[] = [
  [2, 'lost'],
  [2, 'unanswered'],
  [1, 'late'],
];

/** Short and long delays, lost requests and lost answers by a seed; *healed*, everything arrives within milliseconds. */
export class SeededNetwork implements Network {
  readonly #random: Random;
  readonly #struck: (fault: string, requestKind: RequestKind) => boolean;
  isHealed = false;
  /** No request reaches the broker. */
  isOut = false;

  /** `struck`: is told of a request that is to fail, and returns false to let it be. */
  constructor(random: Random, struck: (fault: string, requestKind: RequestKind) => boolean) {
    this.#random = random;
    this.#struck = struck;
  }

  fate(kind: RequestKind): Fate {
    const random = this.#random;
    const reachMs = this.#delayMs();
    if (this.isOut) return { sendMs: 0, reachMs: null, isAnswered: false, answerMs: GIVE_UP_MS };
    const isFaulty = !this.isHealed && random.chance(REQUEST_FAULT_SHARE);
    const fault = isFaulty ? random.weighted(WEIGHTS) : null;
    if (fault === null || !this.#struck(fault, kind))
      return { sendMs: 0, reachMs, isAnswered: true, answerMs: random.between(0, 3) };
    if (fault === 'lost') return { sendMs: 0, reachMs: null, isAnswered: false, answerMs: GIVE_UP_MS };
    const lateMs = fault === 'late' ? random.between(GIVE_UP_MS, 6_000) : reachMs;
    return { sendMs: random.between(0, 20), reachMs: lateMs, isAnswered: false, answerMs: GIVE_UP_MS };
  }

  fetchMs(): number {
    return 2 * this.#delayMs() + 4;
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
