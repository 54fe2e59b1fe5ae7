import type { Pool, PoolClient } from 'pg';
import { inTransaction } from './transaction.ts';

/**
 * - `added`, `moved` (same name, another address), `removed`: a projector was started with another list.
 * - `retired`: a person vouched that a removed database can never be written again.
 */
export type TargetChangeKind = 'added' | 'moved' | 'removed' | 'retired';

export interface ServedTarget {
  readonly target: string;
  /** Host, port and database. */
  readonly address: string;
}

export interface TargetChange extends ServedTarget {
  readonly what: TargetChangeKind;
}

export interface RecordedTargetChange extends TargetChange {
  readonly at: Date;
  readonly byWhom: string;
  readonly projector: string;
  readonly reason: string | null;
}

interface Author {
  readonly byWhom: string;
  /** The process that was started with the list. */
  readonly projector: string;
  readonly reason?: string;
}

const COLUMNS = `at, target, what, address, by_whom as "byWhom", projector, reason`;
const HISTORY_MAX = 1_000;

/** Compares the list that a projector was started with with the one before it, and records what is new. */
export const recordTargets = (
  pool: Pool,
  served: readonly ServedTarget[],
  author: Author,
): Promise<readonly TargetChange[]> =>
  inTransaction(pool, async (client) => {
    // Two projectors that start with the same new list are one change.
    await client.query('lock table fence_target_change in share row exclusive mode');
    const before = new Map(
      (await newestChanges(client))
        .filter(({ what }) => what === 'added' || what === 'moved')
        .map((one) => [one.target, one]),
    );
    const changes: TargetChange[] = [];
    for (const { target, address } of served) {
      const known = before.get(target);
      if (known === undefined) changes.push({ target, address, what: 'added' });
      else if (known.address !== address) changes.push({ target, address, what: 'moved' });
    }
    for (const { target, address } of before.values())
      if (!served.some((one) => one.target === target)) changes.push({ target, address, what: 'removed' });
    for (const change of changes) await insert(client, change, author);
    return changes;
  });

/** Records that a target is gone for good. The caller has made sure that it was removed. */
export const recordRetirement = (pool: Pool, target: ServedTarget, author: Author): Promise<void> =>
  inTransaction(pool, (client) => insert(client, { ...target, what: 'retired' }, author));

/** The newest change of each target. */
export async function newestTargetChanges(pool: Pool): Promise<readonly RecordedTargetChange[]> {
  return newestChanges(pool);
}

const newestChanges = async (client: Pool | PoolClient): Promise<readonly RecordedTargetChange[]> => {
  const { rows } = await client.query<RecordedTargetChange>(
    `select distinct on (target) ${COLUMNS} from fence_target_change order by target, id desc limit ${HISTORY_MAX}`,
  );
  return rows;
};

const insert = async (client: PoolClient, change: TargetChange, author: Author): Promise<void> => {
  await client.query(
    `insert into fence_target_change (target, what, address, by_whom, projector, reason)
     values ($1, $2, $3, $4, $5, $6)`,
    [change.target, change.what, change.address, author.byWhom, author.projector, author.reason ?? null],
  );
};
