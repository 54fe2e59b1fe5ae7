/** Keeps `docs/cases.md` and the tests that it names in step. */
import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../..');
/** Numbers of the reports; the others were variants of these. */
const NUMBERS = [
  1, 3, 4, 6, 7, 9, 10, 11, 14, 15, 17, 18, 19, 21, 22, 24, 25, 26, 27, 29, 30, 31, 32, 33, 34, 35, 38, 39,
  40, 42, 43, 45, 46, 47, 48, 50, 51, 52, 54, 55, 56, 59, 61, 62, 63, 64, 66, 67, 68, 70, 71, 73, 74, 75, 77,
  78, 79, 80, 82, 83, 84, 86, 87, 88, 89,
].map((number) => `C${String(number).padStart(2, '0')}`);

interface Named {
  readonly number: string;
  readonly file: string;
  /** Words of the test's name. */
  readonly words: string;
}

const rows = readFileSync(join(ROOT, 'docs/cases.md'), 'utf8')
  .split('\n')
  .filter((line) => /^\| C\d/.test(line))
  .map((line) => line.replace(/^\| | \|$/g, '').split(' | '));

const namedIn = ([number = '', , , tests = '']: readonly string[]): Named[] =>
  tests.split(/; (?=`)/).map((text) => {
    const [, file = '', words = ''] = /^`([^`]+\.spec\.ts)`: (.+)$/.exec(text) ?? [];
    return { number, file, words };
  });

/** Names of the tests in a file. */
const titlesIn = (file: string): string[] =>
  [
    ...readFileSync(join(ROOT, file), 'utf8').matchAll(
      /\bit(?:\.\w+\([\s\S]*?\)(?: as const)?)?\(\s*(['"`])((?:(?!\1).)+)\1,/g,
    ),
  ].map(([, , title = '']) => title);

it('every case stands in the table, once, with at least one test', () => {
  expect(rows.map(([number]) => number).sort()).toEqual(NUMBERS);
  expect(rows.flatMap(namedIn).filter(({ words }) => words === '')).toEqual([]);
});

it('every test that the table names exists, and says the number where it is one of these', () => {
  const missing = rows.flatMap(namedIn).filter(({ number, file, words }) => {
    const titles = titlesIn(file).filter((title) => title.includes(words));
    const isHere = file.startsWith('tests/cases/');
    return titles.length !== 1 || (isHere && !titles[0]?.startsWith(`${number} `));
  });
  expect(missing).toEqual([]);
});

it('every test of a case stands in the table', () => {
  const files = globSync('tests/cases/*.spec.ts', { cwd: ROOT }).filter(
    (file) => !file.endsWith('table.spec.ts'),
  );
  const named = rows.flatMap(namedIn);
  const told = files.flatMap((file) =>
    titlesIn(file).map((title) => ({
      title,
      isNamed: named.some((one) => one.file === file && title.includes(one.words)),
    })),
  );
  expect(told.length).toBeGreaterThan(60);
  expect(told.filter(({ isNamed }) => !isNamed).map(({ title }) => title)).toEqual([]);
});
