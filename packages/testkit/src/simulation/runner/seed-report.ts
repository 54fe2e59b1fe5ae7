import { Violation } from '../../walk/ledger.ts';
import { Simulation, type SimulationOptions } from '../simulation.ts';

/** How one seed fared, as plain data that may pass between threads. */
export interface SeedReport {
  readonly seed: number;
  readonly steps: number;
  readonly records: number;
  /** How often each thing happened. */
  readonly seen: readonly (readonly [string, number])[];
  readonly failure: Failure | null;
}

export interface Failure {
  /** The invariant that was broken; `error` where the code itself failed, `hang` where it did not come to an end. */
  readonly invariant: string;
  readonly message: string;
  /** Virtual time at which it showed, in ms. */
  readonly atMs: number;
}

/** Runs one seed to its end or its first violation. */
export const runSeed = async (
  seed: number,
  options: SimulationOptions = {},
): Promise<{ readonly report: SeedReport; readonly simulation: Simulation }> => {
  const simulation = new Simulation(seed, options);
  let failure: Failure | null = null;
  try {
    await simulation.run();
  } catch (error) {
    const { invariant, message } =
      error instanceof Violation
        ? error
        : { invariant: 'error', message: error instanceof Error ? String(error.stack) : String(error) };
    failure = { invariant, message, atMs: simulation.nowMs };
  }
  const { steps, judge, seen } = simulation;
  const changes = [...judge.stageChanges].map(([change, count]) => [`stage ${change}`, count] as const);
  const report = { seed, steps, records: judge.recordCount, seen: [...seen, ...changes], failure };
  return { report, simulation };
};
