import {
  databaseIncarnation,
  ensureFence,
  fenceRows,
  markRevoked,
  reportProgress,
  tryFences,
  waitForFence,
  type FenceChange,
  type FenceRow,
  type Pool,
  type Progress,
  type WaitOptions,
} from '@profile-warden/postgres';

/** One fence target as the projector uses it. */
export interface FenceGateway {
  /** Installs the fence where it is missing and may be installed. */
  ensure(): Promise<void>;
  incarnation(): Promise<string>;
  rows(partition: number): Promise<readonly FenceRow[]>;
  mark(changes: readonly FenceChange[]): Promise<void>;
  /** Returns the profiles whose row a writer holds; all others are set. */
  set(changes: readonly FenceChange[]): Promise<readonly string[]>;
  /** False when the writers still hold the row at the end of the wait. */
  wait(change: FenceChange, options: WaitOptions): Promise<boolean>;
  /** Notes nothing where the database is not the one named; returns the incarnation that was asked. */
  report(progress: readonly Progress[], incarnation: string): Promise<string>;
}

export const fenceGateway = (pool: Pool): FenceGateway => ({
  ensure: async () => {
    await ensureFence(pool);
  },
  incarnation: () => databaseIncarnation(pool),
  rows: (partition) => fenceRows(pool, partition),
  mark: (changes) => markRevoked(pool, changes),
  set: (changes) => tryFences(pool, changes),
  wait: (change, options) => waitForFence(pool, change, options),
  report: (progress, incarnation) => reportProgress(pool, progress, incarnation),
});
