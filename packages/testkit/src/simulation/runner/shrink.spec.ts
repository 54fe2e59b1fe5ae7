import { describe, expect, it } from 'vitest';
import type { Simulation, SimulationOptions } from '../simulation.ts';
import { shrink } from './shrink.ts';

const FAULTS = ['f1', 'n120', 'f2', 'p300', 'f3', 'n420', 'f4', 'd500', 'f5'];
const BOUNDS = { triesMax: 200, msMax: 1_000, now: () => 0 };

/** A run that fails at 700 ms where these faults strike, and otherwise in another way or not at all. */
const failingWith = (
  needed: readonly string[],
  runs: SimulationOptions[] = [],
  suits: (struck: readonly string[]) => boolean = () => true,
) => {
  const runOne = (seed: number, options: SimulationOptions = {}) => {
    runs.push(options);
    const { only, faultMs = 45_000 } = options;
    const struck = only == null ? FAULTS : FAULTS.filter((name) => [...only].includes(name));
    const isBroken = needed.every((name) => struck.includes(name)) && suits(struck) && faultMs >= 700;
    const invariant = isBroken ? 'I11' : struck.includes('f5') ? 'I16' : null;
    const failure = invariant === null ? null : { invariant, message: `${invariant}: so it is`, atMs: 700 };
    const report = { seed, steps: 1, records: 1, seen: [], failure };
    return Promise.resolve({
      report,
      simulation: { chronicle: { faultNames: struck } } as unknown as Simulation,
    });
  };
  return (bounds = BOUNDS) => shrink(7, {}, bounds, runOne);
};

describe('shrinking a seed that fails', () => {
  it('keeps the faults that are needed for the same invariant, and the time up to its end', async () => {
    expect(await failingWith(['f2', 'p300', 'f4'])()).toMatchObject({
      seed: 7,
      only: ['f2', 'p300', 'f4'],
      untilMs: 700,
      failure: { invariant: 'I11' },
    });
  });

  it('finds that nothing has to go wrong at all', async () => {
    expect(await failingWith([])()).toMatchObject({ only: [], untilMs: 700 });
  });

  it('leaves out two that can only go together', async () => {
    const together = (struck: readonly string[]): boolean =>
      struck.includes('f1') === struck.includes('d500');
    expect(await failingWith(['f2'], [], together)()).toMatchObject({
      only: ['f2'],
      failure: { invariant: 'I11' },
    });
  });

  it('gives back what it has when its tries are over', async () => {
    const runs: SimulationOptions[] = [];
    const shrunk = await failingWith(['f2', 'p300'], runs)({ ...BOUNDS, triesMax: 4 });
    expect(runs).toHaveLength(4);
    expect(shrunk?.failure.invariant).toBe('I11');
    expect(shrunk?.only).toEqual(expect.arrayContaining(['f2', 'p300']));
  });

  it('gives back what it has when its time is over', async () => {
    let ms = 0;
    const runs: SimulationOptions[] = [];
    await failingWith(['f2'], runs)({ ...BOUNDS, now: () => (ms += 400) });
    expect(runs.length).toBeLessThan(6);
  });

  it('has nothing to say of a seed that does not fail', async () => {
    const runOne = (seed: number) =>
      Promise.resolve({
        report: { seed, steps: 1, records: 1, seen: [], failure: null },
        simulation: { chronicle: {} } as unknown as Simulation,
      });
    expect(await shrink(7, {}, BOUNDS, runOne)).toBeNull();
  });
});
