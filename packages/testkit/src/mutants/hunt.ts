import { spawn } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { applyMutant, copyTree } from './mutant-tree.ts';
import { MUTANTS } from './mutants.ts';
import { searchCopy, type SearchCatch } from './search.ts';

/** Where a mutant was found out; `seed` null: nowhere. */
export interface Catch {
  readonly mutant: string;
  readonly seed: number | null;
  readonly invariant: string | null;
  readonly message: string | null;
  /** What the exhaustive search found; null: nothing, undefined: the mutant lies outside of what it searches. */
  readonly search?: SearchCatch | null;
}

export interface HuntOptions {
  readonly seedsMax: number;
  readonly threads: number;
  readonly signal: AbortSignal;
}

/** Lines that the simulation says of a seed that fails, as `seed 7: I11: …`. */
const FAILURE = /^seed (\d+): (?:(\S+): )?(.*)$/;

/** Runs the simulation on a copy of this tree with the mutant in it, until a seed finds it out, and the search. */
export const hunt = async (mutant: string, options: HuntOptions): Promise<Catch> => {
  const copy = await mkdtemp(join(tmpdir(), 'warden-mutant-'));
  try {
    await copyTree(copy);
    await applyMutant(mutant, copy);
    const simulated = await simulate(mutant, copy, options);
    const { outsideSearch } = MUTANTS.find(({ name }) => name === mutant) ?? {};
    if (outsideSearch !== undefined || options.signal.aborted) return simulated;
    return { ...simulated, search: await searchCopy(copy, options.signal) };
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
};

const simulate = async (
  mutant: string,
  copy: string,
  { seedsMax, threads, signal }: HuntOptions,
): Promise<Catch> => {
  const main = join(copy, 'packages/testkit/src/simulation/main.ts');
  const words = [
    '--seeds',
    String(seedsMax),
    '--threads',
    String(threads),
    '--stop-at-first',
    '--no-shrink',
    '--json',
  ];
  const child = spawn(process.execPath, [main, ...words], {
    cwd: copy,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const stop = (): void => void child.kill('SIGTERM');
  signal.addEventListener('abort', stop, { once: true });
  const ended = new Promise<number | null>((resolve, reject) => {
    child.once('error', reject);
    child.once('exit', resolve);
  });
  let found: Catch = { mutant, seed: null, invariant: null, message: null };
  let isWhole = false;
  for await (const line of createInterface({ input: child.stdout })) {
    const [, seed, invariant, message] = FAILURE.exec(line) ?? [];
    if (seed !== undefined && found.seed === null)
      found = { mutant, seed: Number(seed), invariant: invariant ?? null, message: message ?? null };
    isWhole ||= line.startsWith('{"seeds":');
  }
  const code = await ended;
  signal.removeEventListener('abort', stop);
  // What did not even run was not found out.
  if (!isWhole && !signal.aborted)
    throw new Error(
      `the simulation of ${mutant} ended with ${String(code)} and no count: does the mutant run at all?`,
    );
  return found;
};
