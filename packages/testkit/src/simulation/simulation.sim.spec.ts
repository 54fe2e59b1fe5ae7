import { describe, expect, it } from 'vitest';
import { missing } from './coverage.ts';
import { Simulation } from './simulation.ts';

/** `WARDEN_SEEDS=5000 npx vitest run --project simulation packages/testkit/src/simulation` runs more of them. */
const SEEDS = Number(process.env['WARDEN_SEEDS'] ?? 200);
const FIRST_SEED = Number(process.env['WARDEN_SEED'] ?? 1);
const MS_PER_SEED = 1_000;

describe('the services on a topic in memory', () => {
  it(
    `keep every invariant and come to rest (${SEEDS} seeds from ${FIRST_SEED})`,
    { timeout: 60_000 + SEEDS * MS_PER_SEED },
    async () => {
      const seen = new Map<string, number>();
      for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed += 1) {
        const simulation = new Simulation(seed);
        await simulation.run().catch((error: unknown) => {
          const again = `node packages/testkit/src/simulation/main.ts --seeds 1 --seed ${seed}`;
          throw new Error(`seed ${seed}: ${String(error)}\n${again}`, { cause: error });
        });
        for (const [what, times] of simulation.seen) seen.set(what, (seen.get(what) ?? 0) + times);
      }
      expect(missing(seen), 'what no seed has reached is not tested by them').toEqual([]);
    },
  );

  it('run the same way whenever they are given the same seed', async () => {
    const logOf = async (seed: number): Promise<string> => {
      const simulation = new Simulation(seed, { faultMs: 20_000 });
      await simulation.run();
      return JSON.stringify([0, 1].map((partition) => simulation.log.committed(partition).records));
    };
    const first = await logOf(7);
    expect(await logOf(7)).toBe(first);
    expect(await logOf(8)).not.toBe(first);
  });
});
