import { DEFAULT_FAULT_MS } from '../simulation.ts';
import type { Simulation } from '../simulation.ts';
import { runSeed, type Failure } from './seed-report.ts';

export interface ShrinkBounds {
  /** Runs, at most. */
  readonly triesMax: number;
  /** Real ms, at most, but for the run that is under way. */
  readonly msMax: number;
  readonly now: () => number;
}

/** A run that fails, and as little of it as was found to be needed. */
export interface Shrunk {
  readonly seed: number;
  readonly only: readonly string[] | null;
  readonly untilMs: number;
  readonly failure: Failure;
  readonly simulation: Simulation;
  readonly tries: number;
}

interface Candidate {
  readonly only: readonly string[] | null;
  readonly untilMs: number;
}

/** Shares of the time of faults that are tried, the shortest first. */
const SHORTER = [0.25, 0.5, 0.75];

/**
 * Leaves faults out, in ever smaller pieces, and ends the time of faults earlier, for as long as the same invariant is
 * still broken. Null: the seed does not fail.
 */
export const shrink = async (
  seed: number,
  start: { readonly only?: readonly string[] | null; readonly untilMs?: number | null },
  bounds: ShrinkBounds,
  runOne: typeof runSeed = runSeed,
): Promise<Shrunk | null> => {
  const shrinking = new Shrinking(seed, bounds, runOne);
  const first = await shrinking.try({
    only: start.only ?? null,
    untilMs: start.untilMs ?? DEFAULT_FAULT_MS,
  });
  return first === null ? null : shrinking.shrink(first);
};

class Shrinking {
  readonly #seed: number;
  readonly #bounds: ShrinkBounds;
  readonly #startedAtMs: number;
  readonly #runOne: typeof runSeed;
  #invariant: string | null = null;
  #tries = 0;

  constructor(seed: number, bounds: ShrinkBounds, runOne: typeof runSeed) {
    this.#seed = seed;
    this.#runOne = runOne;
    this.#bounds = bounds;
    this.#startedAtMs = bounds.now();
  }

  /** Null where the run does not fail in the same way. */
  async try({ only, untilMs }: Candidate): Promise<Shrunk | null> {
    this.#tries += 1;
    const { report, simulation } = await this.#runOne(this.#seed, { only, faultMs: untilMs });
    const { failure } = report;
    if (failure === null || (this.#invariant ?? failure.invariant) !== failure.invariant) return null;
    this.#invariant = failure.invariant;
    return { seed: this.#seed, only, untilMs, failure, simulation, tries: this.#tries };
  }

  async shrink(first: Shrunk): Promise<Shrunk> {
    let best = (await this.#tryUnlessOver({ ...first, only: named(first) })) ?? first;
    for (const letter of new Set(named(best).map((name) => name.charAt(0)))) {
      const rest = (best.only ?? named(best)).filter((name) => !name.startsWith(letter));
      best = (await this.#tryUnlessOver({ ...best, only: rest })) ?? best;
    }
    // Faults first: with all the time there is, fewer of them suffice. Then the time, and what came to be too many by it.
    best = await this.#shorten(await this.#leaveOut(best));
    best = await this.#shorten(await this.#leaveOut(best));
    best = await this.#shorten(await this.#leaveOutPairs(best));
    return { ...best, tries: this.#tries };
  }

  async #shorten(best: Shrunk): Promise<Shrunk> {
    const { atMs } = best.failure;
    // What shows while things still go wrong needs nothing that comes after it.
    const ends = atMs <= best.untilMs ? [atMs] : SHORTER.map((share) => Math.round(best.untilMs * share));
    for (const untilMs of ends) {
      const shorter = untilMs < best.untilMs ? await this.#tryUnlessOver({ ...best, untilMs }) : null;
      if (shorter !== null) return shorter;
    }
    return best;
  }

  /** Halves, quarters and so on of the faults, down to single ones. */
  async #leaveOut(start: Shrunk): Promise<Shrunk> {
    let best = start;
    for (
      let size = Math.ceil((best.only?.length ?? 0) / 2);
      size >= 1;
      size = size === 1 ? 0 : Math.ceil(size / 2)
    )
      for (let from = 0; from < (best.only?.length ?? 0) && !this.#isOver();) {
        const only = best.only ?? [];
        const fewer = [...only.slice(0, from), ...only.slice(from + size)];
        const found = await this.#tryUnlessOver({ ...best, only: fewer });
        if (found === null) from += size;
        else best = found;
      }
    return best;
  }

  /** A fault may be needed only because of another one: by ones neither can go, both together can. */
  async #leaveOutPairs(start: Shrunk): Promise<Shrunk> {
    let best = start;
    for (let first = 0; first < (best.only?.length ?? 0); first += 1)
      for (let second = first + 1; second < (best.only?.length ?? 0) && !this.#isOver();) {
        const fewer = best.only?.filter((_name, index) => index !== first && index !== second) ?? [];
        const found = await this.#tryUnlessOver({ ...best, only: fewer });
        if (found === null) second += 1;
        else best = found;
      }
    return best;
  }

  #isOver(): boolean {
    const { triesMax, msMax, now } = this.#bounds;
    return this.#tries >= triesMax || now() - this.#startedAtMs >= msMax;
  }

  async #tryUnlessOver(candidate: Candidate): Promise<Shrunk | null> {
    return this.#isOver() ? null : this.try(candidate);
  }
}

/** The faults that struck, by name. */
const named = ({ simulation }: Shrunk): readonly string[] => [...new Set(simulation.chronicle.faultNames)];
