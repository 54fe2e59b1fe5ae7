export { restoring } from './restore.ts';
export type { RestoreOptions } from './restore.ts';
export { SnapshotDamagedError } from './snapshot-source.ts';
export type { LoadOptions, LogProbe, SnapshotSource, StoredSnapshot } from './snapshot-source.ts';
export { SnapshotRefusedError } from './snapshot-state.ts';
export type { RefusalReason } from './snapshot-state.ts';
