import {
  fromSnapshot,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import { LogReadError } from '@profile-warden/kafka';
import {
  READ_SCHEMA,
  SnapshotCorruptError,
  addressOf,
  isNotThere,
  loadPosition,
  loadProfile,
  loadSnapshot,
  openPool,
  withProjectionRows,
  type Pool,
  type ProjectionRows,
  type StoredPosition,
  type StoredProfile,
} from '@profile-warden/postgres';
import { WardenFailure, failed, messageOf } from '../failure.ts';
import { within } from '../log/deadline.ts';

/** What the projection says of one profile; `position` is read last, so it may be newer than the row. */
export interface ProjectedProfile {
  readonly row: StoredProfile | null;
  readonly position: StoredPosition;
}

const STATEMENT_MS_MAX = 8_000;

/** The projector's database, read only. Every failure names the address, never the password. */
export class ReadModel {
  readonly #pool: Pool;
  readonly #address: string;

  constructor(url: string) {
    this.#address = addressOf(url);
    this.#pool = openPool(url, {
      applicationName: 'warden-cli',
      schema: READ_SCHEMA,
      maxConnections: 2,
      statementTimeoutMs: STATEMENT_MS_MAX,
    });
  }

  profile(profileId: string, partition: number): Promise<ProjectedProfile> {
    return this.#ask(async () => {
      const row = await loadProfile(this.#pool, profileId);
      return { row, position: await loadPosition(this.#pool, partition) };
    });
  }

  /** The partition as it was projected last, its hash verified; null where nothing was projected yet. */
  partition(partition: number): Promise<PartitionState | null> {
    return this.#ask(async () => {
      const snapshot = await loadSnapshot(this.#pool, partition);
      if (snapshot === null) return null;
      return fromSnapshot(snapshot.state as PartitionSnapshot, snapshot.profiles as ProfileState[]);
    });
  }

  position(partition: number): Promise<StoredPosition> {
    return this.#ask(() => loadPosition(this.#pool, partition));
  }

  /** Everything it holds of a partition, at one instant. What `work` rejects with comes back as it is. */
  rows<T>(partition: number, work: (rows: ProjectionRows) => Promise<T>): Promise<T> {
    return this.#ask(() => withProjectionRows(this.#pool, partition, work));
  }

  async close(): Promise<void> {
    await within(this.#pool.end(), 1_000, () => new Error('late')).catch(() => undefined);
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw explained(error, this.#address);
    }
  }
}

/** What an error of the database, or of the log that was read meanwhile, means to a person. */
export const explained = (error: unknown, address: string): Error => {
  if (error instanceof WardenFailure || error instanceof LogReadError) return error;
  if (error instanceof SnapshotCorruptError || error instanceof RangeError)
    return failed('snapshot-unusable', `the read model at ${address}: ${error.message}`, error);
  if (isNotThere(error))
    return failed(
      'read-model-missing',
      `the database at ${address} has no read model in schema ${READ_SCHEMA}: has its projector ever run?`,
      error,
    );
  return failed(
    'database-unreachable',
    `the read model at ${address} does not answer (${messageOf(error)}). Start PostgreSQL, or correct the address.`,
    error,
  );
};
