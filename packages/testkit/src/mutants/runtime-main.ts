import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { runCommand } from './command.ts';
import { applyEdits, copyTree } from './mutant-tree.ts';
import { runNamed } from './named-test.ts';
import { RUNTIME_MUTANTS, type RuntimeMutant } from './runtime-mutants.ts';

const USAGE = `Runs the test that must notice it, for one mistake in the runtime at a time, on a copy of this tree: the test has
to be green without the mistake, and red with it.

  npm run test:mutants          all of them
    -- --mutant NAME            only this one: ${RUNTIME_MUTANTS.map(({ name }) => name).join(', ')}
    -- --json                   the last line is one JSON object

Ends with 0 when each was noticed.
`;

interface Outcome {
  readonly mutant: string;
  readonly isCaught: boolean;
  readonly test: string;
  readonly why: string;
  readonly tookMs: number;
}

const { values } = parseArgs({
  options: {
    mutant: { type: 'string' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const hunt = async (mutant: RuntimeMutant, copy: string, signal: AbortSignal): Promise<Outcome> => {
  const { name, caughtBy, edits } = mutant;
  const startedAt = performance.now();
  const outcome = (isCaught: boolean, why: string): Outcome => ({
    mutant: name,
    isCaught,
    test: `${caughtBy.file}: ${caughtBy.title}`,
    why,
    tookMs: Math.round(performance.now() - startedAt),
  });
  const before = await runNamed(caughtBy, copy, signal);
  if (before.is !== 'green') return outcome(false, `not green without it: ${before.why}`);
  const takeBack = await applyEdits(edits, copy);
  try {
    const after = await runNamed(caughtBy, copy, signal);
    if (after.is === 'green') return outcome(false, 'green with it too');
    return outcome(after.is === 'red', after.is === 'red' ? after.why : `no verdict: ${after.why}`);
  } finally {
    await takeBack();
  }
};

const huntAll = async (): Promise<number> => {
  const hunted = RUNTIME_MUTANTS.filter(({ name }) => values.mutant === undefined || name === values.mutant);
  if (hunted.length === 0) throw new RangeError(`there is no mutant ${values.mutant ?? ''}`);
  const interrupted = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) process.once(name, () => interrupted.abort());
  const { signal } = interrupted;
  const copy = await mkdtemp(join(tmpdir(), 'warden-mutants-'));
  const outcomes: Outcome[] = [];
  try {
    await copyTree(copy, { withSpecs: true });
    for (const mutant of hunted) {
      const one = await hunt(mutant, copy, signal);
      if (signal.aborted) return 130;
      outcomes.push(one);
      say(`${one.isCaught ? 'caught  ' : 'SURVIVED'} ${one.mutant.padEnd(24)} ${one.tookMs} ms, ${one.test}`);
      say(`         "${mutant.says}": ${one.why}`);
    }
  } finally {
    await rm(copy, { recursive: true, force: true });
  }
  const survived = outcomes.filter(({ isCaught }) => !isCaught).map(({ mutant }) => mutant);
  if (values.json) say(JSON.stringify({ mutants: outcomes.length, survived, outcomes }));
  else say(`${outcomes.length - survived.length} of ${outcomes.length} caught`);
  return survived.length === 0 ? 0 : 1;
};

await runCommand(USAGE, values.help, huntAll);
