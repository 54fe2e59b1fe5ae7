import { Violation } from './ledger.ts';
import { walk } from './walk.ts';

/** More tries than a walk of a few hundred steps needs. */
const MAX_TRIES = 3_000;

export interface Failure {
  readonly seed: number;
  /** The steps that are still needed. */
  readonly steps: readonly number[];
  readonly violation: Violation;
}

export const violationOf = (
  seed: number,
  steps: Iterable<number>,
  count?: (what: string, times: number) => void,
): Violation | null => {
  try {
    for (const [what, times] of walk(seed, steps).seen) count?.(what, times);
    return null;
  } catch (error) {
    if (error instanceof Violation) return error;
    throw error;
  }
};

/** Leaves out steps, in ever smaller pieces, as long as the same invariant is still broken. */
export const shrink = (seed: number, steps: readonly number[], violation: Violation): Failure => {
  let kept = [...steps];
  let last = violation;
  let tries = 0;
  for (let size = Math.ceil(kept.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2))
    for (let from = 0; from < kept.length && tries < MAX_TRIES; tries += 1) {
      const fewer = [...kept.slice(0, from), ...kept.slice(from + size)];
      const found = violationOf(seed, fewer);
      if (found?.invariant === violation.invariant) {
        kept = fewer;
        last = found;
      } else from += size;
    }
  return { seed, steps: kept, violation: last };
};
