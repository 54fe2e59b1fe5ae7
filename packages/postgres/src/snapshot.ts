import type { Pool } from 'pg';
import { SnapshotCorruptError } from './error.ts';
import { SnapshotHash } from './snapshot-hash.ts';
import { inTransaction } from './transaction.ts';

/** A partition as it was written last, its hash verified; `state` and the profiles are parsed JSON. */
export interface Snapshot {
  readonly partition: number;
  readonly nextOffset: number;
  readonly foldVersion: number;
  readonly firstRecordId: string | null;
  readonly lastRecord: { readonly offset: number; readonly id: string } | null;
  readonly hash: string;
  readonly state: unknown;
  readonly profiles: readonly unknown[];
}

interface PositionColumns {
  nextOffset: number;
  foldVersion: number;
  firstRecordId: string | null;
  lastRecordId: string | null;
  lastRecordOffset: number | null;
  hash: string;
  state: string;
}

/**
 * The snapshot of a partition, profiles and position of the same instant; null where none was ever written.
 *
 * @throws SnapshotCorruptError when what is stored is not what was written: replay the log instead.
 */
export async function loadSnapshot(pool: Pool, partition: number): Promise<Snapshot | null> {
  const stored = await inTransaction(
    pool,
    async (client) => {
      const { rows } = await client.query<PositionColumns>(
        `select next_offset as "nextOffset", fold_version as "foldVersion", first_record_id as "firstRecordId",
                last_record_id as "lastRecordId", last_record_offset as "lastRecordOffset", hash, state::text
         from projection_offset where partition = $1`,
        [partition],
      );
      const [position] = rows;
      if (position === undefined) return null;
      const profiles = await client.query<{ id: string; state: string }>(
        'select profile_id as id, state::text from profile where partition = $1',
        [partition],
      );
      return { position, profiles: profiles.rows };
    },
    'repeatable read read only',
  );
  if (stored === null) return null;
  const { position, profiles } = stored;
  const hash = new SnapshotHash();
  for (const { id, state } of profiles) hash.set(id, state);
  if (hash.digest(position.state) !== position.hash) throw new SnapshotCorruptError(partition);
  return {
    partition,
    nextOffset: position.nextOffset,
    foldVersion: position.foldVersion,
    firstRecordId: position.firstRecordId,
    lastRecord: lastRecordOf(position),
    hash: position.hash,
    state: JSON.parse(position.state),
    profiles: profiles.map((profile): unknown => JSON.parse(profile.state)),
  };
}

/** Where the read model of a partition stands, and from which log it was built. */
export interface StoredPosition {
  /** 0 where the partition was never written. */
  readonly nextOffset: number;
  readonly firstRecordId: string | null;
  readonly lastRecord: { readonly offset: number; readonly id: string } | null;
  readonly hash: string | null;
}

export async function loadPosition(pool: Pool, partition: number): Promise<StoredPosition> {
  const { rows } = await pool.query<PositionColumns>(
    `select next_offset as "nextOffset", first_record_id as "firstRecordId", last_record_id as "lastRecordId",
            last_record_offset as "lastRecordOffset", hash
     from projection_offset where partition = $1`,
    [partition],
  );
  const [row] = rows;
  return {
    nextOffset: row?.nextOffset ?? 0,
    firstRecordId: row?.firstRecordId ?? null,
    lastRecord: row === undefined ? null : lastRecordOf(row),
    hash: row?.hash ?? null,
  };
}

const lastRecordOf = (row: PositionColumns): StoredPosition['lastRecord'] =>
  row.lastRecordId === null || row.lastRecordOffset === null
    ? null
    : { id: row.lastRecordId, offset: row.lastRecordOffset };
