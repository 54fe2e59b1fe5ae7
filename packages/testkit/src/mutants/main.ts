import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';
import { runCommand } from './command.ts';
import { hunt, type Catch } from './hunt.ts';
import { MUTANTS } from './mutants.ts';

const USAGE = `Simulates the protocol with one thing wrong at a time, on copies of this tree, until a seed finds it
out, and lets the exhaustive search find it too.

  npm run sim:mutants           all of them, from seed 1 on
    -- --mutant NAME            only this one: ${MUTANTS.map(({ name }) => name).join(', ')}
    -- --seeds N                at most N seeds for each (default 10,000)
    -- --json                   one line of JSON at the end

Ends with 0 when each was found out.
`;

const { values } = parseArgs({
  options: {
    mutant: { type: 'string' },
    seeds: { type: 'string', default: '10000' },
    json: { type: 'boolean', default: false },
    help: { type: 'boolean', short: 'h', default: false },
  },
});

const say = (line: string): void => void process.stdout.write(`${line}\n`);

const searchText = (search: Catch['search']): string =>
  search === undefined
    ? 'outside of what the exhaustive search looks at'
    : search === null
      ? 'NOT FOUND by the exhaustive search'
      : `room ${search.room}, ${search.actions} actions, ${search.message}`;

const huntAll = async (): Promise<number> => {
  const seedsMax = /^\d+$/.test(values.seeds) ? Number(values.seeds) : 0;
  if (seedsMax < 1) throw new RangeError(`--seeds must be a whole number from 1, not ${values.seeds}`);
  const hunted = MUTANTS.filter(({ name }) => values.mutant === undefined || name === values.mutant);
  if (hunted.length === 0) throw new RangeError(`there is no mutant ${values.mutant ?? ''}`);
  const interrupted = new AbortController();
  process.once('SIGINT', () => interrupted.abort());
  process.once('SIGTERM', () => interrupted.abort());
  const { signal } = interrupted;
  const caught: Catch[] = [];
  for (const { name, says } of hunted) {
    if (signal.aborted) return 130;
    const one = await hunt(name, { seedsMax, threads: Math.min(2, availableParallelism()), signal });
    caught.push(one);
    if (values.json) continue;
    const how =
      one.seed === null
        ? `NOT FOUND in ${seedsMax} seeds`
        : `seed ${one.seed}, ${one.invariant ?? ''}: ${one.message ?? ''}`;
    say(`${name.padEnd(28)} "${says}"\n  ${how}\n  ${searchText(one.search)}`);
  }
  const missed = caught
    .filter(({ seed, search }) => seed === null || search === null)
    .map(({ mutant }) => mutant);
  say(
    JSON.stringify({
      mutants: caught.length,
      missed,
      caught: caught.map(({ mutant, seed, invariant, search }) => ({ mutant, seed, invariant, search })),
    }),
  );
  return missed.length === 0 && !signal.aborted ? 0 : 1;
};

await runCommand(USAGE, values.help, huntAll);
