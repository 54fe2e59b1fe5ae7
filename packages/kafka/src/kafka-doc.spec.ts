import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

const ROOT = join(import.meta.dirname, '../../..');
const page = readFileSync(join(ROOT, 'docs/kafka.md'), 'utf8');
const HEADER = '| trap | what is done | noticed by |';

/** The last column of every row in the tables of traps. */
const proofs = page
  .split('\n\n')
  .filter((block) => block.startsWith(HEADER))
  .flatMap((table) => table.split('\n').slice(2))
  .map((row) => row.slice(row.lastIndexOf(' | ') + 3).replace(/ \|\s*$/, ''));

/** Each test that a row names, as its file and words of its name. */
const named = proofs
  .filter((proof) => !proof.startsWith('_open_'))
  .flatMap((proof) => proof.split(/; (?=`)/))
  .map((text) => {
    const [, file, words] = /^`([\w.-]+\.spec)`: (.+)$/.exec(text) ?? [];
    return { text, file, words };
  });

/** Names of the tests and groups in a file: texts that are followed by a function or by options. */
const titlesIn = (path: string): string[] =>
  [...readFileSync(path, 'utf8').matchAll(/\(\s*(['"`])((?:(?!\1).)+)\1,\s*(?:async\s*)?[({]/g)].map(
    ([, , title = '']) => title,
  );

describe('docs/kafka.md', () => {
  it('names a test for every trap, or says that it is open', () => {
    expect(proofs.length).toBeGreaterThan(50);
    expect(named.filter(({ file }) => file === undefined).map(({ text }) => text)).toEqual([]);
    expect(proofs.filter((proof) => proof.startsWith('_open_')).length).toBeLessThanOrEqual(3);
  });

  it('names only tests that exist', () => {
    const specs = globSync(
      ['packages/*/src/**/*.spec.ts', 'services/*/src/**/*.spec.ts', 'tests/**/*.spec.ts'],
      {
        cwd: ROOT,
      },
    );
    const missing = named.filter(({ file, words }) => {
      const paths = specs.filter((path) => path.endsWith(`/${file ?? ''}.ts`));
      return !paths.some((path) => titlesIn(join(ROOT, path)).some((title) => title.includes(words ?? '')));
    });
    expect(missing.map(({ text }) => text)).toEqual([]);
  });
});
