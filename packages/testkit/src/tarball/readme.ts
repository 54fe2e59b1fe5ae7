import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './command.ts';

/** The first block of a package's README in this language that has this text in it: what is documented is what is run. */
export async function readmeBlock(folder: string, language: string, part: string): Promise<string> {
  const readme = await readFile(join(ROOT, 'packages', folder, 'README.md'), 'utf8');
  for (const [, text] of readme.matchAll(new RegExp(`\`\`\`${language}\n(.*?)\`\`\``, 'gs')))
    if (text?.includes(part) === true) return text;
  throw new Error(`the README of ${folder} has no ${language} block with ${part}`);
}
