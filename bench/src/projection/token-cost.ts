import type { Pool, PoolClient } from '@profile-warden/postgres';
import { quantile, rounded } from '../figures.ts';

export interface TokenCost {
  /** Median of the transactions that ask over that of those that do not. */
  readonly ratio: number;
  readonly withMs: number;
  readonly withoutMs: number;
}

const WARM_UP = 200;

/**
 * One update in a transaction, with and without the question before it, in turns over one connection. Each commit
 * waits for the disk.
 */
export const measureTokenCost = async (
  pool: Pool,
  profiles: readonly string[],
  rounds: number,
): Promise<TokenCost> => {
  const client = await pool.connect();
  try {
    await prepare(client, profiles);
    const withToken: number[] = [];
    const without: number[] = [];
    for (let round = 0; round < rounds + WARM_UP; round += 1) {
      const profileId = profiles[(round * 7) % profiles.length] ?? '';
      // Whoever comes second finds the page in memory: so each is second as often.
      const order = round % 2 === 0 ? [true, false] : [false, true];
      for (const asks of order) {
        const tookMs = await transaction(client, profileId, asks);
        if (round >= WARM_UP) (asks ? withToken : without).push(tookMs);
      }
    }
    const [withMs, withoutMs] = [median(withToken), median(without)];
    return { ratio: rounded(withMs / withoutMs), withMs: rounded(withMs), withoutMs: rounded(withoutMs) };
  } finally {
    client.release();
  }
};

const prepare = async (client: PoolClient, profiles: readonly string[]): Promise<void> => {
  for (const setting of ['fsync', 'synchronous_commit']) {
    const { rows } = await client.query<Record<string, string>>(`show ${setting}`);
    if (rows[0]?.[setting] !== 'on') throw new Error(`${setting} must be on for this to mean anything`);
  }
  await client.query('create table account (profile_id text primary key, balance bigint not null)');
  await client.query('insert into account select unnest($1::text[]), 0', [profiles]);
};

const transaction = async (client: PoolClient, profileId: string, asks: boolean): Promise<number> => {
  const startedAt = performance.now();
  await client.query('begin');
  if (asks) await client.query('select warden.require_token($1, 1)', [profileId]);
  await client.query('update account set balance = balance + 1 where profile_id = $1', [profileId]);
  await client.query('commit');
  return performance.now() - startedAt;
};

const median = (samples: readonly number[]): number =>
  quantile(
    [...samples].sort((left, right) => left - right),
    0.5,
  );
