import {
  fromSnapshot,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import {
  loadPosition,
  loadProfile,
  loadSnapshot,
  withProjectionRows,
  type ProjectionRows,
  type StoredPosition,
  type StoredProfile,
} from '@profile-warden/postgres';
import { ReadModelConnection } from './connection.ts';

/** What the projection says of one profile; `position` is read last, so it may be newer than the row. */
export interface ProjectedProfile {
  readonly row: StoredProfile | null;
  readonly position: StoredPosition;
}

/** The projector's database, read only. */
export class ReadModel {
  readonly #connection: ReadModelConnection;

  constructor(url: string) {
    this.#connection = new ReadModelConnection(url, 2);
  }

  profile(profileId: string, partition: number): Promise<ProjectedProfile> {
    return this.#connection.ask(async () => {
      const row = await loadProfile(this.#connection.pool, profileId);
      return { row, position: await loadPosition(this.#connection.pool, partition) };
    });
  }

  /** The partition as it was projected last, its hash verified; null where nothing was projected yet. */
  partition(partition: number): Promise<PartitionState | null> {
    return this.#connection.ask(async () => {
      const snapshot = await loadSnapshot(this.#connection.pool, partition);
      if (snapshot === null) return null;
      return fromSnapshot(snapshot.state as PartitionSnapshot, snapshot.profiles as ProfileState[]);
    });
  }

  position(partition: number): Promise<StoredPosition> {
    return this.#connection.ask(() => loadPosition(this.#connection.pool, partition));
  }

  /** Everything it holds of a partition, at one instant. What `work` rejects with comes back as it is. */
  rows<T>(partition: number, work: (rows: ProjectionRows) => Promise<T>): Promise<T> {
    return this.#connection.ask(() => withProjectionRows(this.#connection.pool, partition, work));
  }

  close(): Promise<void> {
    return this.#connection.close();
  }
}
