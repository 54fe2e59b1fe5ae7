import { availableParallelism } from 'node:os';
import { describe, expect, it } from 'vitest';
import { COVERING_SEEDS } from './coverage.ts';
import { runSeeds } from './runner/seed-pool.ts';
import { Totals } from './runner/totals.ts';
import { Simulation } from './simulation.ts';

/** `WARDEN_SEEDS=5000 npx vitest run --project simulation packages/testkit/src/simulation` runs more of them. */
const SEEDS = Number(process.env['WARDEN_SEEDS'] ?? COVERING_SEEDS);
const FIRST_SEED = Number(process.env['WARDEN_SEED'] ?? 1);
const MS_PER_SEED = 500;

describe('the services on a topic in memory', () => {
  it(
    `keep every invariant and come to rest (${SEEDS} seeds from ${FIRST_SEED})`,
    { timeout: 60_000 + SEEDS * MS_PER_SEED },
    async () => {
      const totals = new Totals();
      const failures: string[] = [];
      const threads = Math.min(4, availableParallelism());
      await runSeeds({ first: FIRST_SEED, count: SEEDS }, { threads }, (report) => {
        totals.add(report);
        const { failure, seed } = report;
        if (failure === null) return true;
        failures.push(
          `seed ${seed}: ${failure.message}\n  npm run sim -- --seed ${seed} tells and shrinks it`,
        );
        return failures.length < 5;
      });
      expect(failures).toEqual([]);
      expect(totals.records / totals.seeds).toBeGreaterThan(300);
      if (SEEDS >= COVERING_SEEDS)
        expect(totals.notCovered, 'what no seed has reached is not tested by them').toEqual([]);
    },
  );

  const logOf = async (seed: number, only: readonly string[] | null = null): Promise<string> => {
    const simulation = new Simulation(seed, { faultMs: 20_000, only });
    await simulation.run();
    return JSON.stringify([0, 1].map((partition) => simulation.log.committed(partition).records));
  };

  it('run the same way whenever they are given the same seed', async () => {
    const first = await logOf(7);
    expect(await logOf(7)).toBe(first);
    expect(await logOf(8)).not.toBe(first);
  });

  it('run as before up to the first fault that is left out', async () => {
    const all = new Simulation(7, { faultMs: 20_000 });
    await all.run();
    const { faultNames } = all.chronicle;
    const last = faultNames.findLast((name) => name.startsWith('f')) ?? '';
    const without = new Simulation(7, { faultMs: 20_000, only: faultNames.filter((name) => name !== last) });
    await without.run();
    const left = all.chronicle.happenings.findIndex((one) => 'name' in one && one.name === last);
    expect(left).toBeGreaterThan(100);
    expect(without.chronicle.happenings.slice(0, left)).toEqual(all.chronicle.happenings.slice(0, left));
    expect(without.chronicle.faultNames).not.toContain(last);
  });
});
