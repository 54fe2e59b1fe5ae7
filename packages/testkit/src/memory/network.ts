import type { ProcessClock } from './virtual-clock.ts';

export type RequestKind = 'append' | 'init' | 'produce' | 'commit' | 'heartbeat' | 'range';

/** What becomes of one request. */
export interface Fate {
  /** Ms until it leaves the process. */
  readonly sendMs: number;
  /** Ms from then until it takes effect; null: it is lost. */
  readonly reachMs: number | null;
  /** The caller learns the outcome; else it gives up, whether or not the request takes effect, before or after that. */
  readonly isAnswered: boolean;
  /** Ms from the effect until the caller knows, or from sending until it gives up. */
  readonly answerMs: number;
}

/** How requests, fetches and markers fare. Called in a fixed order, so a seeded one makes the whole run repeatable. */
export interface Network {
  fate(kind: RequestKind): Fate;
  /** Ms between data being there and a reader having it. */
  fetchMs(): number;
  /** How many of so many slots one fetch brings: 1 up to all. */
  cut(available: number): number;
  /** Ms between the decision of a transaction and its marker in the partition. */
  markerMs(): number;
}

export const DONE: Fate = { sendMs: 0, reachMs: 0, isAnswered: true, answerMs: 0 };
/** Never in the log, and the caller is told nothing. */
export const LOST: Fate = { sendMs: 0, reachMs: null, isAnswered: false, answerMs: 0 };
/** In the log, and the caller is told nothing. */
export const UNANSWERED: Fate = { sendMs: 0, reachMs: 0, isAnswered: false, answerMs: 0 };
/** In the log so much after the caller has given up. */
export const late = (ms: number): Fate => ({ sendMs: 0, reachMs: ms, isAnswered: false, answerMs: 0 });

/** Everything at once and as it should be, but for the fates set beforehand for the next requests of a kind. */
export class ScriptedNetwork implements Network {
  fetchDelayMs = 0;
  markerDelayMs = 0;
  cutAt = Infinity;
  readonly #fates = new Map<RequestKind, Fate[]>();
  readonly #always = new Map<RequestKind, Fate>();

  next(kind: RequestKind, ...fates: readonly Fate[]): void {
    this.#fates.set(kind, [...(this.#fates.get(kind) ?? []), ...fates]);
  }

  /** From now on, or as it should be again. */
  always(kind: RequestKind, fate: Fate | null): void {
    if (fate === null) this.#always.delete(kind);
    else this.#always.set(kind, fate);
  }

  fate(kind: RequestKind): Fate {
    return this.#fates.get(kind)?.shift() ?? this.#always.get(kind) ?? DONE;
  }

  fetchMs(): number {
    return this.fetchDelayMs;
  }

  cut(available: number): number {
    return Math.min(available, this.cutAt);
  }

  markerMs(): number {
    return this.markerDelayMs;
  }
}

/** The effect takes place at the broker's time, the answer at the process's. Rejects where the effect throws. */
export const request = async <T>(
  clock: ProcessClock,
  { sendMs, reachMs, isAnswered, answerMs }: Fate,
  effect: () => T | Promise<T>,
): Promise<T> => {
  await passed(clock, sendMs);
  const landed = reachMs === null ? null : land(clock, reachMs, effect);
  if (landed === null || !isAnswered) {
    landed?.catch(() => undefined);
    await passed(clock, answerMs);
    throw new Error('no answer in time: the outcome is unknown');
  }
  try {
    return await landed;
  } finally {
    if (answerMs > 0 || !clock.isGoing) await passed(clock, answerMs);
  }
};

const passed = (clock: ProcessClock, ms: number): Promise<void> => (ms > 0 ? clock.sleep(ms) : clock.turn());

const land = async <T>({ world }: ProcessClock, ms: number, effect: () => T | Promise<T>): Promise<T> => {
  if (ms > 0) await world.sleep(ms);
  return effect();
};
