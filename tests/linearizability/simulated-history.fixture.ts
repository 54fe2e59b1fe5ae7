import { STEP_MS, Simulation } from '@profile-warden/testkit/simulation';
import { LogOperations } from './log-operations.fixture.ts';
import { writeOperation, type Operation } from './operation.fixture.ts';

export interface SimulatedHistory {
  readonly operations: readonly Operation[];
  /** What the simulation's own judge had to say against the run; null: nothing. */
  readonly objection: string | null;
}

/** A run of the simulation, as those who took part could have written it down. */
export const simulatedHistory = async (seed: number): Promise<SimulatedHistory> => {
  const simulation = new Simulation(seed);
  const objection = await simulation.run().then(
    () => null,
    (error: unknown) => (error instanceof Error ? error.message : String(error)),
  );
  const log = new LogOperations();
  for (const happening of simulation.chronicle.happenings) {
    if (!('record' in happening)) continue;
    const { record, folded, atMs } = happening;
    // The log is looked at once a step; what is seen then may have come right after the look before.
    log.take({ record, isEffective: folded === 'applied', fromMs: atMs - STEP_MS, untilMs: atMs });
  }
  const writes = simulation.askedWrites.map(({ answer, ...write }) =>
    writeOperation({ ...write, answer: answer === 'written' ? 'accepted' : answer }),
  );
  const named = [...log.finish(), ...writes].map((operation) => ({
    ...operation,
    profile: `seed-${seed}/${operation.profile}`,
    // A run begins at 0, and its first look reaches back before that.
    callNs: Math.max(0, operation.callNs),
  }));
  return { operations: named, objection };
};
