import type { Pool } from 'pg';
import { isLockTimeout } from './error.ts';
import { inTransaction } from './transaction.ts';

/** What the log says about a profile's token: it is held, or its lease has ended, or it was revoked. */
export interface FenceChange {
  readonly profileId: string;
  readonly token: number;
  readonly status: 'held' | 'ended' | 'revoked';
  readonly partition: number;
  /** Offset of the record that brought this about. */
  readonly offset: number;
}

export interface FenceRow {
  readonly profileId: string;
  readonly token: number;
  readonly valid: boolean;
  readonly offset: number;
  /** Tokens up to this one are marked as revoked; 0 where none is. */
  readonly revokedToken: number;
}

export interface BlockingSession {
  readonly pid: number;
  readonly applicationName: string | null;
  readonly userName: string | null;
  /** Age of its transaction in ms, null where it may not be seen. */
  readonly openMs: number | null;
}

const columns = (changes: readonly FenceChange[]): unknown[] => [
  changes.map((change) => change.profileId),
  changes.map((change) => change.token),
  changes.map((change) => change.status),
  changes.map((change) => change.partition),
  changes.map((change) => change.offset),
];
const UNNEST = `unnest($1::text[], $2::bigint[], $3::text[], $4::int[], $5::bigint[])
  as t (id, token, status, partition, at)`;

/** First commit of a revocation: refuses every token up to these ones, whoever holds the rows. Never waits for writers. */
export async function markRevoked(pool: Pool, changes: readonly FenceChange[]): Promise<void> {
  if (changes.length === 0) return;
  await pool.query(`select count(warden.mark_revoked(id, token, at)) from ${UNNEST}`, columns(changes));
}

/**
 * Carries the changes into the rows, all in one short transaction that waits for no writer. Returns the ids of the
 * profiles whose row a writer holds; those are left as they were. Revoked ones must have been marked before.
 */
export async function tryFences(pool: Pool, changes: readonly FenceChange[]): Promise<readonly string[]> {
  if (changes.length === 0) return [];
  const { rows } = await pool.query<{ id: string }>(
    `select id from (
       select id, case when status = 'revoked' then warden.raise_fence(id, token, partition, at, false)
                       else warden.advance_fence(id, token, status = 'held', partition, at, false) end as answer
       from (select * from ${UNNEST} order by id) as ordered
     ) as answered where answer = 'locked'`,
    columns(changes),
  );
  return rows.map(({ id }) => id);
}

export interface WaitOptions {
  /** Longest wait for the writers that hold the row, in ms. */
  readonly lockTimeoutMs: number;
  /** Told once who is in the way, when half of the wait is over. */
  readonly onBlocked?: (sessions: readonly BlockingSession[]) => void;
}

/** The same for one profile, waiting for the writers in flight. False: they still hold it; try again. */
export async function waitForFence(pool: Pool, change: FenceChange, options: WaitOptions): Promise<boolean> {
  let watch: NodeJS.Timeout | undefined;
  try {
    await inTransaction(pool, async (client) => {
      const { rows } = await client.query<{ pid: number }>(
        `select pg_backend_pid() as pid, set_config('lock_timeout', $1, true)`,
        [`${options.lockTimeoutMs}ms`],
      );
      const pid = rows[0]?.pid ?? 0;
      watch = setTimeout(() => void reportBlocking(pool, pid, options), options.lockTimeoutMs / 2);
      const { profileId, token, partition, offset, status } = change;
      if (status === 'revoked')
        await client.query('select warden.raise_fence($1, $2, $3, $4)', [
          profileId,
          token,
          partition,
          offset,
        ]);
      else
        await client.query('select warden.advance_fence($1, $2, $3, $4, $5)', [
          profileId,
          token,
          status === 'held',
          partition,
          offset,
        ]);
    });
    return true;
  } catch (error) {
    if (isLockTimeout(error)) return false;
    throw error;
  } finally {
    clearTimeout(watch);
  }
}

async function reportBlocking(pool: Pool, pid: number, { onBlocked }: WaitOptions): Promise<void> {
  if (onBlocked === undefined) return;
  try {
    const sessions = await blockingSessions(pool, pid);
    if (sessions.length > 0) onBlocked(sessions);
  } catch {
    // A name for the alert is a courtesy; the wait itself goes on and reports its own failure.
  }
}

async function blockingSessions(pool: Pool, pid: number): Promise<readonly BlockingSession[]> {
  const { rows } = await pool.query<BlockingSession>(
    `select pid, application_name as "applicationName", user_name as "userName", open_ms as "openMs"
     from warden.blocking_sessions($1)`,
    [pid],
  );
  return rows;
}

/** The rows of a partition as they stand; a mark alone does not make a row invalid here. */
export async function fenceRows(pool: Pool, partition: number): Promise<readonly FenceRow[]> {
  const { rows } = await pool.query<FenceRow>(
    `select profile_id as "profileId", f.token, f.valid, f.log_offset as "offset", coalesce(r.token, 0) as "revokedToken"
     from warden.fence f left join warden.revocation r using (profile_id) where f.partition = $1`,
    [partition],
  );
  return rows;
}

/** The database behind the connection; changes with a restore, a promotion, a restart of the server. */
export async function databaseIncarnation(pool: Pool): Promise<string> {
  const { rows } = await pool.query<{ identity: string }>('select warden.database_identity() as identity');
  const [row] = rows;
  if (row === undefined) throw new Error('warden.database_identity() returned nothing');
  return row.identity;
}

export interface Progress {
  readonly partition: number;
  readonly partitionCount: number;
  /** End of the log, asked for after this database was met. */
  readonly goalOffset: number;
  /** Everything before it is in the rows or the marks. */
  readonly nextOffset: number;
}

/**
 * Tells the target how far partitions have come; returns the incarnation of the database that was asked. Where that is
 * not the one named, nothing is noted: a restored database would be confirmed by somebody who has not seen its rows.
 */
export async function reportProgress(
  pool: Pool,
  progress: readonly Progress[],
  incarnation: string,
): Promise<string> {
  const { rows } = await pool.query<{ identity: string }>(
    `select warden.database_identity() as identity, count(warden.report_progress(partition, partitions, goal, next))
     from (select * from unnest($1::int[], $2::int[], $3::bigint[], $4::bigint[])
             as t (partition, partitions, goal, next)
           where warden.database_identity() = $5 order by partition) as ordered`,
    [
      progress.map((one) => one.partition),
      progress.map((one) => one.partitionCount),
      progress.map((one) => one.goalOffset),
      progress.map((one) => one.nextOffset),
      incarnation,
    ],
  );
  const [row] = rows;
  if (row === undefined) throw new Error('warden.database_identity() returned nothing');
  return row.identity;
}
