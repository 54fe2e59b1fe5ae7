import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runBounded } from './bounded-child.ts';
import type { NamedTest } from './runtime-mutants.ts';

/** What a test has said; `why` is the first line of what it failed with. */
export type Verdict =
  | { readonly is: 'green' }
  | { readonly is: 'red'; readonly why: string }
  /** It did not come to a verdict: not found, not loaded, or stopped by a bound of time. */
  | { readonly is: 'none'; readonly why: string };

interface Report {
  readonly testResults: readonly {
    readonly message: string;
    readonly assertionResults: readonly {
      readonly title: string;
      readonly status: string;
      readonly failureMessages: readonly string[];
    }[];
  }[];
}

const VITEST = 'node_modules/vitest/vitest.mjs';
const REPORT = 'named-test.json';
/** A mutant may loop; a test of the runtime needs little. */
const HEAP_MEGABYTES_MAX = 1_024;
const UNIT_MS_MAX = 60_000;
/** Real parts start first. */
const INTEGRATION_MS_MAX = 240_000;

/** Runs one test on a copy of the tree. */
export const runNamed = async (test: NamedTest, copy: string, signal: AbortSignal): Promise<Verdict> => {
  const report = join(copy, REPORT);
  await rm(report, { force: true });
  const words = [
    ...[VITEST, 'run', '--project', test.project, test.file],
    ...['--testNamePattern', `${escaped(test.title)}$`],
    ...['--maxWorkers', '1', '--reporter', 'json', '--outputFile', report],
  ];
  const { isLate, output } = await runBounded(words, {
    cwd: copy,
    env: { ...process.env, NODE_OPTIONS: `--max-old-space-size=${HEAP_MEGABYTES_MAX}` },
    msMax: test.project === 'unit' ? UNIT_MS_MAX : INTEGRATION_MS_MAX,
    signal,
  });
  if (isLate) return { is: 'none', why: 'it did not end in time' };
  const text = await readFile(report, 'utf8').catch(() => null);
  if (text === null) return { is: 'none', why: `no report: ${output.trim()}` };
  return verdictOf(JSON.parse(text) as Report, test);
};

/** What a report of vitest says of one test. */
export const verdictOf = ({ testResults }: Report, { title }: NamedTest): Verdict => {
  const found = testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter((one) => one.title === title && one.status !== 'skipped'),
  );
  const [test] = found;
  if (test === undefined) {
    const [message = ''] = testResults.map((file) => file.message).filter((text) => text !== '');
    return { is: 'none', why: message === '' ? 'there is no such test' : firstLine(message) };
  }
  if (found.length > 1) return { is: 'none', why: `${found.length} tests have this title` };
  if (test.status === 'passed') return { is: 'green' };
  const why = firstLine(test.failureMessages[0] ?? test.status);
  // A test that hangs says nothing about what is wrong.
  return /timed out in \d+ ?ms/.test(why) ? { is: 'none', why } : { is: 'red', why };
};

const firstLine = (text: string): string => text.split('\n')[0] ?? '';
const escaped = (text: string): string => text.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&');
