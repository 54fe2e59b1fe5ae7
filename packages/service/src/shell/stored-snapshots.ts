import { READ_SCHEMA, SnapshotCorruptError, loadSnapshot, openPool } from '@profile-warden/postgres';
import { SnapshotDamagedError, type SnapshotSource } from '../restore/index.ts';

export interface StoredSnapshots extends SnapshotSource {
  close(): Promise<void>;
}

/** Partitions restored at the same time. */
const CONNECTIONS_MAX = 4;

/** The read model of the projector as the place where snapshots are kept. Connects only when one is asked for. */
export const storedSnapshots = (databaseUrl: string, applicationName: string): StoredSnapshots => {
  const pool = openPool(databaseUrl, {
    applicationName,
    schema: READ_SCHEMA,
    maxConnections: CONNECTIONS_MAX,
  });
  return {
    load: async (partition, options) => {
      try {
        return await loadSnapshot(pool, partition, options);
      } catch (cause) {
        if (cause instanceof SnapshotCorruptError) throw new SnapshotDamagedError(cause.message, { cause });
        throw cause;
      }
    },
    close: () => pool.end(),
  };
};
