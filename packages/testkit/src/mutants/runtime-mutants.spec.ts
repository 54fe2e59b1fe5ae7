import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edited, ROOT } from './mutant-tree.ts';
import { verdictOf } from './named-test.ts';
import { RUNTIME_MUTANTS } from './runtime-mutants.ts';

const source = (file: string): Promise<string> => readFile(join(ROOT, file), 'utf8');

/** Titles of the tests in a file, what `it.each` fills in standing for anything. */
const titlesIn = (text: string): RegExp[] =>
  [...text.matchAll(/^\s+'((?:[^'\\]|\\.)+)',|\bit(?:\.each\(.*\))?\('((?:[^'\\]|\\.)+)'/gm)].map(
    ([, ofEach, plain]) => {
      const words = (ofEach ?? plain ?? '').split(/%[sid]/);
      return new RegExp(`^${words.map((part) => part.replaceAll(/[^\w ]/g, '\\$&')).join('.+')}$`);
    },
  );

describe('the mutants of the runtime', () => {
  it.each(RUNTIME_MUTANTS)('$name still finds what it makes wrong', async ({ edits }) => {
    const texts = new Map<string, string>();
    for (const edit of edits) {
      const before = texts.get(edit.file) ?? (await source(edit.file));
      const after = edited(before, edit);
      expect(after).not.toBe(before);
      texts.set(edit.file, after);
    }
  });

  it.each(RUNTIME_MUTANTS)('$name still has the test that notices it', async ({ caughtBy }) => {
    const titles = titlesIn(await source(caughtBy.file));
    expect(titles.filter((title) => title.test(caughtBy.title))).toHaveLength(1);
  });

  it('have names of their own', () => {
    expect(new Set(RUNTIME_MUTANTS.map(({ name }) => name)).size).toBe(RUNTIME_MUTANTS.length);
  });
});

describe('the verdict of a named test', () => {
  const test = { project: 'unit', file: 'a.spec.ts', title: 'is so' } as const;
  const report = (status: string, ...failureMessages: string[]) => ({
    testResults: [
      {
        message: '',
        assertionResults: [
          { title: 'is not so', status: 'skipped', failureMessages: [] },
          { title: 'is so', status, failureMessages },
        ],
      },
    ],
  });

  it('is that of the test, and red only by what the test itself found', () => {
    expect(verdictOf(report('passed'), test)).toEqual({ is: 'green' });
    expect(verdictOf(report('failed', 'expected 1\nat a.spec.ts'), test)).toEqual({
      is: 'red',
      why: 'expected 1',
    });
  });

  it('is none where the test hung, is not there, was not loaded, or is not the only one of its name', () => {
    const none = (testResults: Parameters<typeof verdictOf>[0]['testResults']) =>
      expect(verdictOf({ testResults }, test)).toMatchObject({ is: 'none' });
    none(report('failed', 'Error: Test timed out in 5000ms.').testResults);
    none(report('skipped').testResults);
    none([{ message: 'SyntaxError: no', assertionResults: [] }]);
    none([...report('passed').testResults, ...report('failed', 'no').testResults]);
  });
});
