import type { Pool, PoolClient } from 'pg';
import type { PartitionRow } from './rows.ts';
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

export interface LoadSnapshotOptions {
  /** Profiles read at a time, so that a large partition does not hold up the event loop. Default 1,000. */
  readonly chunkCount?: number;
  /** Called after each chunk with the number of profiles read so far. */
  readonly onProgress?: (profileCount: number) => void;
  /** Ends the reading between two chunks. */
  readonly signal?: AbortSignal;
}

const CHUNK_COUNT = 1_000;

/**
 * The snapshot of a partition, profiles and position of the same instant; null where none was ever written.
 *
 * @throws SnapshotCorruptError when what is stored is not what was written: replay the log instead.
 */
export const loadSnapshot = (
  pool: Pool,
  partition: number,
  options: LoadSnapshotOptions = {},
): Promise<Snapshot | null> =>
  inTransaction(
    pool,
    async (client) => {
      const position = await positionRowOf(client, partition);
      if (position === null) return null;
      const hash = new SnapshotHash();
      const profiles: unknown[] = [];
      for await (const chunk of profileChunks(client, partition, options)) {
        for (const { id, state } of chunk) {
          hash.set(id, state);
          profiles.push(JSON.parse(state));
        }
        options.onProgress?.(profiles.length);
      }
      if (hash.digest(position.state) !== position.hash) throw new SnapshotCorruptError(partition);
      return {
        partition,
        ...position,
        state: JSON.parse(position.state) as unknown,
        profiles,
      };
    },
    'repeatable read read only',
  );

async function* profileChunks(
  client: PoolClient,
  partition: number,
  { chunkCount = CHUNK_COUNT, signal }: LoadSnapshotOptions,
): AsyncGenerator<readonly { readonly id: string; readonly state: string }[]> {
  await client.query(
    `declare snapshot_profiles no scroll cursor for
     select profile_id as id, state::text from profile where partition = ${Math.trunc(partition)}`,
  );
  for (;;) {
    signal?.throwIfAborted();
    const { rows } = await client.query<{ id: string; state: string }>(
      `fetch forward ${Math.max(1, Math.trunc(chunkCount))} from snapshot_profiles`,
    );
    if (rows.length === 0) return;
    yield rows;
  }
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
  const row = await positionRowOf(pool, partition);
  return {
    nextOffset: row?.nextOffset ?? 0,
    firstRecordId: row?.firstRecordId ?? null,
    lastRecord: row?.lastRecord ?? null,
    hash: row?.hash ?? null,
  };
}

/** The row as it was written; null where there is none. The client may be in a transaction. */
export async function positionRowOf(
  client: Pool | PoolClient,
  partition: number,
): Promise<PartitionRow | null> {
  const { rows } = await client.query<PositionColumns>(
    `select next_offset as "nextOffset", fold_version as "foldVersion", first_record_id as "firstRecordId",
            last_record_id as "lastRecordId", last_record_offset as "lastRecordOffset", hash, state::text
     from projection_offset where partition = $1`,
    [partition],
  );
  const [row] = rows;
  if (row === undefined) return null;
  const { nextOffset, foldVersion, firstRecordId, hash, state } = row;
  return { nextOffset, foldVersion, firstRecordId, lastRecord: lastRecordOf(row), hash, state };
}

const lastRecordOf = (row: PositionColumns): StoredPosition['lastRecord'] =>
  row.lastRecordId === null || row.lastRecordOffset === null
    ? null
    : { id: row.lastRecordId, offset: row.lastRecordOffset };
