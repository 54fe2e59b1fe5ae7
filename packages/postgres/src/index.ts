export { addressOf } from './address.ts';
export { applyBatch } from './apply-batch.ts';
export {
  ProjectionConflictError,
  RebuildRefusedError,
  SnapshotCorruptError,
  isDeadlock,
  isLockTimeout,
  isNotAllowed,
  isNotThere,
  isRefusedStatement,
} from './error.ts';
export { ensureFence } from './fence-install.ts';
export {
  databaseIncarnation,
  fenceRows,
  markRevoked,
  reportProgress,
  tryFences,
  waitForFence,
} from './fence-target.ts';
export type { BlockingSession, FenceChange, FenceRow, Progress, WaitOptions } from './fence-target.ts';
export { newestTargetChanges, recordRetirement, recordTargets } from './fence-target-change.ts';
export type {
  RecordedTargetChange,
  ServedTarget,
  TargetChange,
  TargetChangeKind,
} from './fence-target-change.ts';
export { loadTargetStates, removeTargetStates, writeTargetStates } from './fence-target-state.ts';
export type {
  BlockedProfile,
  BlockingWriter,
  FenceTargetState,
  StoredTargetState,
} from './fence-target-state.ts';
export { READ_SCHEMA, migrate } from './migrate.ts';
export type { MigrateOptions } from './migrate.ts';
export { openPool } from './pool.ts';
export type { Pool, PoolClient, PoolOptions } from './pool.ts';
export { withProjectionRows } from './projection-rows.ts';
export type { ProjectionRows } from './projection-rows.ts';
export { loadCases, loadProfile, openReviews, timeline } from './read-model.ts';
export type { ArchivedEvent, OpenReview, StoredCase, StoredProfile, TimelineOptions } from './read-model.ts';
export { Rebuild } from './rebuild.ts';
export type { LivePosition } from './rebuild.ts';
export type { ArchiveRow, Batch, CaseRow, JsonText, PartitionRow, ProfileRow } from './rows.ts';
export { loadPosition, loadSnapshot } from './snapshot.ts';
export type { LoadSnapshotOptions, Snapshot, StoredPosition } from './snapshot.ts';
export { SnapshotHash } from './snapshot-hash.ts';
export { storableText } from './storable-text.ts';
export { inTransaction } from './transaction.ts';
export type { Isolation } from './transaction.ts';
export { loginName } from './login-name.ts';
export { isAway } from './unreachable.ts';
