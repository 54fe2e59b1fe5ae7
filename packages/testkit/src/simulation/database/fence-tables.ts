import type { FenceChange, FenceRow, Progress } from '@profile-warden/postgres';
import type { Backend, SimDatabase, Tables } from './sim-database.ts';
import { SqlError } from './sql-error.ts';

interface Row {
  readonly token: number;
  readonly valid: boolean;
  readonly partition: number;
  readonly offset: number;
}

interface Mark {
  readonly token: number;
  readonly offset: number;
}

interface Position {
  readonly identity: string;
  readonly goalOffset: number;
  readonly nextOffset: number;
}

/** Longest wait for a row by who gives no bound. */
const LOCK_MS_MAX = 5_000;

/** The tables of schema `warden`, without the functions that keep them. */
export class FenceTables implements Tables<FenceTables> {
  readonly fence: Map<string, Row>;
  readonly revocation: Map<string, Mark>;
  readonly progress: Map<number, Position>;
  partitionCount: number | null = null;
  confirmedIdentity: string | null = null;

  constructor(from?: FenceTables) {
    this.fence = new Map(from?.fence);
    this.revocation = new Map(from?.revocation);
    this.progress = new Map(from?.progress);
    this.partitionCount = from?.partitionCount ?? null;
    this.confirmedIdentity = from?.confirmedIdentity ?? null;
  }

  copy(): FenceTables {
    return new FenceTables(this);
  }
}

export type FenceDatabase = SimDatabase<FenceTables>;

/** `warden.mark_revoked`: never waits, for nobody locks what it writes. */
export const markRevoked = ({ tables }: FenceDatabase, { profileId, token, offset }: FenceChange): void => {
  if ((tables.revocation.get(profileId)?.token ?? 0) < token)
    tables.revocation.set(profileId, { token, offset });
};

/** `warden.advance_fence`: `boundMs` null answers `locked` where others hold the row, else it waits for them. */
export const advanceFence = async (
  database: FenceDatabase,
  backend: Backend,
  { profileId, token, status, partition, offset }: FenceChange,
  boundMs: number | null,
): Promise<'changed' | 'already' | 'locked'> => {
  const known = (): Row | undefined => database.tables.fence.get(profileId);
  const write = (): 'changed' => {
    const { tables } = database;
    backend.write(() => tables.fence.set(profileId, { token, valid: status === 'held', partition, offset }));
    return 'changed';
  };
  if (known() === undefined) {
    // An insert waits for another insert of the key, and then finds its row.
    await database.lock(profileId, backend, 'exclusive', boundMs ?? LOCK_MS_MAX);
    if (known() === undefined) return write();
    if (boundMs === null) return 'locked';
  } else if (boundMs === null && !database.locks.isFreeFor(profileId, backend)) return 'locked';
  await database.lock(profileId, backend, 'exclusive', boundMs ?? LOCK_MS_MAX);
  const row = known();
  if (row !== undefined && row.offset >= offset) return 'already';
  if (row !== undefined && row.token > token)
    throw new SqlError('22023', `${profileId}: this is another log`);
  return write();
};

/** `warden.raise_fence`. */
export const raiseFence = async (
  database: FenceDatabase,
  backend: Backend,
  change: FenceChange,
  boundMs: number | null,
): Promise<'changed' | 'already' | 'locked'> => {
  const { profileId, token } = change;
  const { tables } = database;
  if ((tables.revocation.get(profileId)?.token ?? 0) < token)
    throw new SqlError('55000', `${profileId}: token ${token} is not marked as revoked`);
  const answer = await advanceFence(database, backend, change, boundMs);
  const row = database.tables.fence.get(profileId);
  if (answer === 'already' && row !== undefined && row.valid && row.token <= token)
    throw new SqlError('22023', `${profileId}: token ${token} is valid at a later offset`);
  return answer;
};

/** `warden.report_progress`, for several partitions in one transaction, by somebody who has met this incarnation. */
export const reportProgress = (
  database: FenceDatabase,
  progress: readonly Progress[],
  incarnation: string,
): string => {
  const { tables, identity } = database;
  if (identity !== incarnation) return identity;
  for (const { partition, partitionCount, goalOffset, nextOffset } of progress) {
    tables.partitionCount ??= partitionCount;
    const before = tables.progress.get(partition);
    const isSame = before?.identity === identity;
    tables.progress.set(partition, {
      identity,
      goalOffset: isSame ? before.goalOffset : goalOffset,
      nextOffset: isSame ? Math.max(before.nextOffset, nextOffset) : nextOffset,
    });
    const arrived = [...tables.progress.values()].filter(
      (one) => one.identity === identity && one.nextOffset >= one.goalOffset,
    );
    if (arrived.length === partitionCount) tables.confirmedIdentity = identity;
  }
  return identity;
};

export interface Presented {
  readonly profileId: string;
  readonly token: number;
  readonly seenOffset: number | null;
  /** Partition of the profile's records. */
  readonly partition: number;
}

/** `warden.require_token`: throws WD001 to WD003, or holds the row until the transaction ends. */
export const requireToken = async (
  database: FenceDatabase,
  backend: Backend,
  { profileId, token, seenOffset, partition }: Presented,
): Promise<void> => {
  if (database.tables.fence.has(profileId)) await database.lock(profileId, backend, 'share', LOCK_MS_MAX);
  const { tables, identity } = database;
  const row = tables.fence.get(profileId);
  // Read after the lock was taken: whatever was marked by then counts.
  const revoked = tables.revocation.get(profileId)?.token ?? 0;
  if (token <= revoked) throw new SqlError('WD001', 'revoked');
  if (row !== undefined && token < row.token) throw new SqlError('WD001', 'older');
  if (row?.token === token && !row.valid) throw new SqlError('WD001', 'ended');
  if (tables.confirmedIdentity !== identity) throw new SqlError('WD002', 'not caught up');
  if (seenOffset !== null && (row?.offset ?? -1) < seenOffset) {
    const next = tables.progress.get(partition)?.nextOffset ?? 0;
    if (next <= seenOffset) throw new SqlError('WD002', 'behind');
  }
  if (row === undefined) throw new SqlError('WD003', 'unknown profile');
  if (token > row.token) throw new SqlError('WD002', 'newer');
};

/** The rows of a partition as they stand. */
export const fenceRows = ({ tables }: FenceDatabase, partition: number): readonly FenceRow[] =>
  [...tables.fence].flatMap(([profileId, row]) =>
    row.partition === partition
      ? [
          {
            profileId,
            token: row.token,
            valid: row.valid,
            offset: row.offset,
            revokedToken: tables.revocation.get(profileId)?.token ?? 0,
          },
        ]
      : [],
  );
