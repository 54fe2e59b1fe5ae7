import { createHash } from 'node:crypto';
import { readFile, readdir } from 'node:fs/promises';
import { expect, it } from 'vitest';

const FOLDER = new URL('../migrations/', import.meta.url);

/** A migration that somebody has run is history. To change a table add the next number, and its line here. */
const RELEASED: Readonly<Record<string, string>> = {
  '0001_read-model.sql': 'f34065df9de481852ffba50d712a4c2216b9c10c850e20d91af3591b51db5011',
  '0002_cases-and-fence-targets.sql': '5b5aefb727230a3253a6e5c5c73eaa3ade0abd1c32b941a3b223a7714921d95f',
};

it('leaves every released migration as it was', async () => {
  const names = (await readdir(FOLDER)).sort();
  const found: Record<string, string> = {};
  for (const name of names)
    found[name] = createHash('sha256')
      .update(await readFile(new URL(name, FOLDER)))
      .digest('hex');
  expect(found).toEqual(RELEASED);
});

it('numbers them without a gap', async () => {
  const names = (await readdir(FOLDER)).sort();
  expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
});
