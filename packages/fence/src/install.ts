import { readFile } from 'node:fs/promises';
import type { FenceClient } from './client.ts';
import { isPool } from './client.ts';
import { FenceUsageError } from './errors.ts';

/** Version of the install that this package brings. */
export const FENCE_VERSION = 3;

const PARTS = ['1-tables.sql', '2-require-token.sql', '3-projector.sql', '4-guard-table.sql', '5-rights.sql'];

/** Text of the install, for those who run it with a tool of their own. Without a transaction: give it one. */
export const readFenceSql = async (): Promise<string> => {
  const texts = await Promise.all(
    PARTS.map((name) => readFile(new URL(`../sql/${name}`, import.meta.url), 'utf8')),
  );
  return texts.join('\n');
};

/**
 * Installs the fence into the client's database, in one transaction; changes nothing where it is installed.
 * The client's role must be allowed to create a schema and, where they are missing, the roles `warden_reader`
 * and `warden_projector`. Must not be called inside a transaction.
 */
export async function installFence(client: FenceClient): Promise<void> {
  if (isPool(client)) throw new FenceUsageError('bare-pool', 'installFence needs one client');
  const sql = await readFenceSql();
  try {
    await client.query(`begin;\n${sql}\ncommit;`);
  } catch (error) {
    await client.query('rollback');
    throw error;
  }
}

/** Version of the fence in the client's database, null where there is none. */
export async function installedFence(client: FenceClient): Promise<number | null> {
  const found = await client.query(`select to_regclass('warden.database') is not null as installed`);
  const [row] = found.rows as readonly { installed: boolean }[];
  if (row?.installed !== true) return null;
  const { rows } = await client.query('select version from warden.database');
  return (rows as readonly { version: number }[])[0]?.version ?? null;
}
