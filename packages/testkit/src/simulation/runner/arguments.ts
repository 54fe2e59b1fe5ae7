import { availableParallelism } from 'node:os';
import { parseArgs } from 'node:util';

export interface RunArguments {
  readonly first: number;
  readonly count: number;
  readonly threads: number;
  readonly json: boolean;
  readonly stopsAtFirst: boolean;
  readonly shrinks: boolean;
  /** The one seed is told as a story, whether or not it fails. */
  readonly tells: boolean;
  readonly only: readonly string[] | null;
  readonly untilMs: number | null;
}

const SEEDS = 200;
const SEED_MAX = 2 ** 31;

export const USAGE = `Runs the services, as they are, on a topic in memory under seeds, and holds what happens against the invariants.

  npm run sim -- --seeds N      N seeds, 1 and up (default ${SEEDS})
  npm run sim -- --seed S       only seed S, told as a story; with --seeds N, N seeds from S on
    --only f3,p2104,n*|none     of a single seed: no faults but these, by their names in its story
    --until MS                  of a single seed: faults until that virtual time, in ms
    --threads T                 seeds run at once (default: one per core)
    --stop-at-first             end with the first seed that breaks an invariant
    --no-shrink                 tell a broken invariant without looking for its shortest story
    --json                      print failures and one line of JSON, no counts

Ends with 0 when no invariant was broken and, from 1,000 seeds on, everything that can happen did.
`;

const number = (name: string, text: string, low: number, high: number): number => {
  const value = /^\d+$/.test(text) ? Number(text) : NaN;
  if (!(value >= low && value <= high))
    throw new RangeError(
      `--${name} must be a whole number from ${low} to ${high}, not ${JSON.stringify(text)}`,
    );
  return value;
};

const FAULT_NAME = /^[a-z](\d+|\*)$/;

const faultNames = (text: string): readonly string[] => {
  if (text === 'none') return [];
  const names = text.split(',').map((name) => name.trim());
  for (const name of names)
    if (!FAULT_NAME.test(name))
      throw new RangeError(
        `--only: ${JSON.stringify(name)} is no name of a fault; they read f3, p2104, n900 or n*, or say none`,
      );
  return names;
};

/** Null: help was asked for. Throws a RangeError or TypeError that says what was wrong. */
export const parseArguments = (words: readonly string[]): RunArguments | null => {
  const { values } = parseArgs({
    args: [...words],
    options: {
      seeds: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string' },
      until: { type: 'string' },
      threads: { type: 'string' },
      'stop-at-first': { type: 'boolean', default: false },
      'no-shrink': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
      help: { type: 'boolean', short: 'h', default: false },
    },
  });
  if (values.help) return null;
  const first = values.seed === undefined ? 1 : number('seed', values.seed, 0, SEED_MAX);
  const isOne = values.seed !== undefined && values.seeds === undefined;
  const count = isOne ? 1 : number('seeds', values.seeds ?? String(SEEDS), 1, 10_000_000);
  if (count > 1 && (values.only !== undefined || values.until !== undefined))
    throw new RangeError('--only and --until speak of one run: name it with --seed, without --seeds');
  return {
    first,
    count,
    threads: number('threads', values.threads ?? String(Math.min(64, availableParallelism())), 1, 64),
    json: values.json,
    stopsAtFirst: values['stop-at-first'],
    shrinks: !values['no-shrink'],
    tells: isOne,
    only: values.only === undefined ? null : faultNames(values.only),
    untilMs: values.until === undefined ? null : number('until', values.until, 0, 3_600_000),
  };
};
