export { restoring } from './restore.ts';
export type { RestoreOptions } from './restore.ts';
export { SnapshotDamagedError } from './snapshot-source.ts';
export type { LogProbe, SnapshotSource, StoredSnapshot } from './snapshot-source.ts';
