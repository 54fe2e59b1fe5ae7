import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { edited, ROOT } from './mutant-tree.ts';
import { MUTANTS } from './mutants.ts';

describe('the mutants', () => {
  it.each(MUTANTS)('$name still finds what it makes wrong', async ({ edits }) => {
    const texts = new Map<string, string>();
    for (const edit of edits) {
      const before = texts.get(edit.file) ?? (await readFile(join(ROOT, edit.file), 'utf8'));
      const after = edited(before, edit);
      expect(after).not.toBe(before);
      texts.set(edit.file, after);
    }
  });

  it('have names of their own', () => {
    expect(new Set(MUTANTS.map(({ name }) => name)).size).toBe(MUTANTS.length);
  });

  it('are refused where the text is not there, or not once', () => {
    const edit = { file: 'a.ts', find: 'x', replace: 'y' };
    expect(edited('axb', edit)).toBe('ayb');
    expect(() => edited('ab', edit)).toThrow('a.ts: the text to replace stands there 0 times');
    expect(() => edited('axbx', edit)).toThrow('stands there 2 times');
  });
});
