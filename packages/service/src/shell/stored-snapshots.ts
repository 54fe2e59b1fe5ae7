import {
  READ_SCHEMA,
  SnapshotCorruptError,
  isNotThere,
  loadSnapshot,
  openPool,
} from '@profile-warden/postgres';
import { SnapshotDamagedError, type SnapshotSource } from '../restore/index.ts';

export interface StoredSnapshots extends SnapshotSource {
  close(): Promise<void>;
}

/** More partitions than this wait for one another; they are closed again when nothing is restored. */
const CONNECTIONS_MAX = 16;

/** The read model of the projector as the place where snapshots are kept. Connects only when one is asked for. */
export const storedSnapshots = (
  databaseUrl: string,
  applicationName: string,
  partitionCount: number,
): StoredSnapshots => {
  const pool = openPool(databaseUrl, {
    applicationName,
    schema: READ_SCHEMA,
    maxConnections: Math.min(partitionCount, CONNECTIONS_MAX),
  });
  return {
    load: async (partition, options) => {
      try {
        return await loadSnapshot(pool, partition, options);
      } catch (cause) {
        // At the first start of an installation nobody has written one yet, which is no fault.
        if (isNotThere(cause)) return null;
        if (cause instanceof SnapshotCorruptError) throw new SnapshotDamagedError(cause.message, { cause });
        throw cause;
      }
    },
    close: () => pool.end(),
  };
};
