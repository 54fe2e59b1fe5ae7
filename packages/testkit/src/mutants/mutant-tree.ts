import { cp, lstat, mkdir, readFile, readdir, readlink, symlink, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { MUTANTS, type Edit } from './mutants.ts';

/** What runs in a simulation, a search or a test lies in these. */
const SOURCES = ['packages', 'services'];
const FILES = ['package.json', 'vitest.config.ts'];
/** What tools keep there of their own; a copy must not write into it. */
const CACHES = /^\.(cache|vite)/;
const OWN_SCOPE = '@profile-warden';

/** Root of the tree that this file belongs to. */
export const ROOT = join(import.meta.dirname, '../../../..');

/**
 * Copies the sources into an empty folder, with the installed packages linked: a tree that can be run and changed, and
 * changes nothing of this one. Specs are left out unless asked for.
 */
export const copyTree = async (to: string, { withSpecs = false } = {}): Promise<void> => {
  for (const source of SOURCES)
    await cp(join(ROOT, source), join(to, source), {
      recursive: true,
      filter: (path) => basename(path) !== 'node_modules' && (withSpecs || !path.endsWith('.spec.ts')),
    });
  for (const file of FILES) await cp(join(ROOT, file), join(to, file));
  await linkInstalled(to);
};

/** Links to what is installed; our own packages lead into the copy, or it would run the original. */
const linkInstalled = async (to: string): Promise<void> => {
  const [from, modules] = [join(ROOT, 'node_modules'), join(to, 'node_modules')];
  await mkdir(join(modules, OWN_SCOPE), { recursive: true });
  for (const name of await readdir(from))
    if (name !== OWN_SCOPE && !CACHES.test(name)) await symlink(join(from, name), join(modules, name));
  for (const name of await readdir(join(from, OWN_SCOPE))) {
    const link = join(from, OWN_SCOPE, name);
    if ((await lstat(link)).isSymbolicLink())
      await symlink(await readlink(link), join(modules, OWN_SCOPE, name));
  }
};

/**
 * Puts the mutant into a copy made by `copyTree`.
 *
 * @throws RangeError where there is no such mutant, or a text that it replaces does not stand there exactly once.
 */
export const applyMutant = async (name: string, copy: string): Promise<void> => {
  const mutant = MUTANTS.find((one) => one.name === name);
  if (mutant === undefined)
    throw new RangeError(`no mutant ${name}; there are ${MUTANTS.map((one) => one.name).join(', ')}`);
  await applyEdits(mutant.edits, copy);
};

/**
 * Makes the edits, one after the other. What it resolves with takes them back.
 *
 * @throws RangeError where a text to replace does not stand there exactly once.
 */
export const applyEdits = async (edits: readonly Edit[], copy: string): Promise<() => Promise<void>> => {
  const originals = new Map<string, string>();
  for (const edit of edits) {
    const path = join(copy, edit.file);
    const text = await readFile(path, 'utf8');
    if (!originals.has(path)) originals.set(path, text);
    await writeFile(path, edited(text, edit));
  }
  return async () => {
    for (const [path, text] of originals) await writeFile(path, text);
  };
};

/** The text with the edit made. Throws where it does not apply exactly once. */
export const edited = (text: string, { file, find, replace }: Edit): string => {
  const parts = text.split(find);
  if (parts.length !== 2)
    throw new RangeError(
      `${file}: the text to replace stands there ${parts.length - 1} times, not once: ${JSON.stringify(find)}`,
    );
  return parts.join(replace);
};
