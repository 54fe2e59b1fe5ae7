import type { TestCase, TestModule } from 'vitest/node';

export interface Tally {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
  /** Why tests did not run, each file and reason once. */
  readonly notRun: readonly NotRun[];
}

export interface NotRun {
  readonly file: string;
  /** What the test gave as its reason; null if it gave none. */
  readonly why: string | null;
}

/** The part of a finished test run that counts; a type of its own so that a spec can make one up. */
export interface TestRun {
  readonly testModules: readonly Pick<TestModule, 'relativeModuleId' | 'children' | 'errors'>[];
  readonly unhandledErrors: readonly unknown[];
}

/**
 * What no install step brings to a machine, a container engine and rights over its kernel: only for want of these may
 * a test stay unrun in CI. Everything else that tests need, `.ci/run` installs, so wanting it is a fault of that
 * script.
 */
const NOT_INSTALLABLE = [/\bdocker\b/i, /^needs the right to\b/];

/** Counts tests. A file, a suite or a hook that failed outside any test counts as one failed test. */
export function tally({ testModules, unhandledErrors }: TestRun): Tally {
  const tests = testModules.flatMap((module) => [...module.children.allTests()]);
  const suites = testModules.flatMap((module) => [...module.children.allSuites()]);
  const states = tests.map((test) => test.result().state);
  const outside = [...testModules, ...suites].filter((owner) => owner.errors().length > 0).length;
  const skipped = tests.filter((test) => test.result().state === 'skipped');
  return {
    passed: states.filter((state) => state === 'passed').length,
    failed:
      states.filter((state) => state === 'failed' || state === 'pending').length +
      outside +
      unhandledErrors.length,
    skipped: skipped.length,
    notRun: whyNot(skipped),
  };
}

function whyNot(skipped: readonly TestCase[]): NotRun[] {
  const found = new Map<string, NotRun>();
  for (const test of skipped) {
    const result = test.result();
    const why = (result.state === 'skipped' ? result.note : undefined) ?? null;
    const file = test.module.relativeModuleId;
    found.set(`${file} ${why ?? ''}`, { file, why });
  }
  return [...found.values()];
}

/** Why a run is not good enough, empty if it is. */
export function complaints({ passed, failed, notRun }: Tally, inCi: boolean): string[] {
  const found: string[] = [];
  if (failed > 0) found.push(`${failed} failed`);
  if (passed + failed === 0) found.push('no test ran');
  const avoidable = notRun.filter(({ why }) => !NOT_INSTALLABLE.some((pattern) => pattern.test(why ?? '')));
  if (inCi && avoidable.length > 0)
    found.push('CI leaves no test out for want of what .ci/run could install');
  return found;
}

export const notRunLine = ({ file, why }: NotRun): string => `not run: ${why ?? 'no reason given'} (${file})`;

export const closingLine = ({ passed, failed, skipped }: Tally): string =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;
