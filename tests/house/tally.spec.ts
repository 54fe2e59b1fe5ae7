import { describe, expect, it } from 'vitest';
import { type TestRun, closingLine, complaints, notRunLine, tally } from '../../scripts/tally.ts';

type State = 'passed' | 'failed' | 'skipped' | 'pending';
interface MadeUp {
  readonly tests?: readonly (readonly [state: State, note?: string])[];
  readonly moduleErrors?: number;
  readonly suiteErrors?: number;
  readonly unhandledErrors?: number;
}

/** A finished run as vitest would hand it over, as far as the tally looks at it. */
function run({ tests = [], moduleErrors = 0, suiteErrors = 0, unhandledErrors = 0 }: MadeUp): TestRun {
  const module = {
    relativeModuleId: 'a.spec.ts',
    errors: () => Array.from({ length: moduleErrors }, () => new Error('in the file')),
    children: {
      allTests: () =>
        tests.map(([state, note], index) => ({
          module,
          fullName: `test ${index}`,
          result: () => ({ state, note }),
        })),
      allSuites: () => [{ errors: () => Array.from({ length: suiteErrors }, () => new Error('in a hook')) }],
    },
  };
  const errors = Array.from({ length: unhandledErrors }, () => new Error('outside'));
  return { testModules: [module], unhandledErrors: errors } as unknown as TestRun;
}

describe('the count', () => {
  it('is one line of plain numbers', () => {
    const result = tally(run({ tests: [['passed'], ['passed'], ['failed'], ['skipped', 'no Docker']] }));
    expect(closingLine(result)).toBe('2 passed, 1 failed, 1 skipped');
  });

  it('takes a test that never ended for a failed one', () => {
    expect(tally(run({ tests: [['pending']] })).failed).toBe(1);
  });

  it.each(['moduleErrors', 'suiteErrors', 'unhandledErrors'] as const)('takes %s for a failure', (where) => {
    expect(tally(run({ tests: [['passed']], [where]: 1 })).failed).toBe(1);
  });

  it('says why tests did not run, each reason once', () => {
    const { notRun } = tally(
      run({ tests: [['skipped', 'no Docker'], ['skipped', 'no Docker'], ['skipped']] }),
    );
    expect(notRun.map(notRunLine)).toEqual([
      'not run: no Docker (a.spec.ts)',
      'not run: no reason given (a.spec.ts)',
    ]);
  });
});

describe('a run', () => {
  const faults = (made: MadeUp, inCi: boolean): string[] => complaints(tally(run(made)), inCi);

  it('is good when all passed', () => {
    expect(faults({ tests: [['passed']] }, true)).toEqual([]);
  });

  it('is bad with a failure', () => {
    expect(faults({ tests: [['passed'], ['failed']] }, false)).toEqual(['1 failed']);
  });

  it('is bad without a test', () => {
    expect(faults({}, false)).toEqual(['no test ran']);
    expect(faults({ tests: [['skipped', 'no Docker']] }, false)).toEqual(['no test ran']);
  });

  it('may leave tests out at home, and in CI only for want of Docker or of rights', () => {
    expect(faults({ tests: [['passed'], ['skipped', 'no chromium']] }, false)).toEqual([]);
    expect(faults({ tests: [['passed'], ['skipped', 'no Docker engine answers']] }, true)).toEqual([]);
    expect(faults({ tests: [['passed'], ['skipped', 'needs the right to mount']] }, true)).toEqual([]);
    expect(faults({ tests: [['passed'], ['skipped', 'no chromium']] }, true)).toHaveLength(1);
    expect(faults({ tests: [['passed'], ['skipped']] }, true)).toHaveLength(1);
  });
});
