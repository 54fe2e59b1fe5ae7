import {
  ProjectionConflictError,
  applyBatch,
  inTransaction,
  isRefusedStatement,
  loadPosition,
  type Batch,
  type Pool,
  type StoredPosition,
} from '@profile-warden/postgres';

export type { StoredPosition } from '@profile-warden/postgres';

/** The read model as the projector uses it. */
export interface ReadModelStore {
  load(partition: number): Promise<StoredPosition>;
  /** Resolves when the batch is in the database, be it by an earlier call whose answer was lost. */
  write(batch: Batch): Promise<void>;
  /** False where the same batch can never be written. */
  isWorthRetrying(error: unknown): boolean;
}

export const readModelStore = (pool: Pool): ReadModelStore => ({
  load: (partition) => loadPosition(pool, partition),
  write: async (batch) => {
    try {
      await inTransaction(pool, (client) => applyBatch(client, batch));
    } catch (error) {
      if (!(error instanceof ProjectionConflictError)) throw error;
      // A commit whose answer was lost looks like another projector. The hash tells: it is of this very state.
      const stored = await loadPosition(pool, batch.partition);
      if (stored.nextOffset !== batch.position.nextOffset || stored.hash !== batch.position.hash) throw error;
    }
  },
  isWorthRetrying: (error) => !(error instanceof ProjectionConflictError) && !isRefusedStatement(error),
});
