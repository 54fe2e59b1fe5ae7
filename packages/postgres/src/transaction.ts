import type { Pool, PoolClient } from 'pg';

export type Isolation = 'read committed' | 'repeatable read read only';

/**
 * Lends `work` one connection. A rejection throws the connection away unless `work` left it clean by its own means and
 * says so through `keep`.
 */
export async function withConnection<T>(
  pool: Pool,
  work: (client: PoolClient, keep: () => void) => Promise<T>,
): Promise<T> {
  const client = await pool.connect();
  // A connection that breaks says so here as well as in the query under way; without a listener it ends the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken = true;
  try {
    const result = await work(client, () => (broken = false));
    broken = false;
    return result;
  } finally {
    client.off('error', ignore);
    client.release(broken);
  }
}

/**
 * Runs `work` in one transaction and returns its result after the commit. Any rejection rolls back; one of the
 * commit itself means unknown: it may have happened.
 */
export const inTransaction = <T>(
  pool: Pool,
  work: (client: PoolClient) => Promise<T>,
  isolation: Isolation = 'read committed',
): Promise<T> =>
  withConnection(pool, async (client, keep) => {
    await client.query(`begin isolation level ${isolation}`);
    try {
      const result = await work(client);
      await client.query('commit');
      return result;
    } catch (error) {
      // Where not even a rollback gets through, the transaction ends with its connection.
      await client.query('rollback').then(keep, () => undefined);
      throw error;
    }
  });
