import { SnapshotHash } from '@profile-warden/postgres';
import { SnapshotDamagedError, type SnapshotSource, type StoredSnapshot } from '@profile-warden/service';
import type { ReadTables } from './read-model.ts';
import type { SqlClient } from './sql-client.ts';

/** The read model as services start from it: position and profiles of one instant, their hash verified. */
export const snapshotsOf = (client: SqlClient<ReadTables>): SnapshotSource => ({
  load: (partition) => client.statement(() => snapshotIn(client.database.tables, partition)),
});

const snapshotIn = (tables: ReadTables, partition: number): StoredSnapshot | null => {
  const position = tables.positions.get(partition);
  if (position === undefined) return null;
  const rows = [...tables.profiles.values()].filter((row) => row.partition === partition);
  const hash = new SnapshotHash();
  for (const { profileId, state } of rows) hash.set(profileId, state);
  if (hash.digest(position.state) !== position.hash)
    throw new SnapshotDamagedError(`partition ${partition}: the rows are not those of the position`);
  return {
    nextOffset: position.nextOffset,
    foldVersion: position.foldVersion,
    state: JSON.parse(position.state),
    profiles: rows.map(({ state }): unknown => JSON.parse(state)),
  };
};
