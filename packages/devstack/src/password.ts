import { randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';

/**
 * A password of its own for each stack: the port is open to every user of the machine, and a superuser of a
 * database can run programs as its owner.
 */
export async function ownPassword(file: string): Promise<string> {
  const known = await readFile(file, 'utf8').catch(() => '');
  if (known !== '') return known;
  const password = randomBytes(12).toString('hex');
  await writeFile(file, password, { mode: 0o600 });
  return password;
}
