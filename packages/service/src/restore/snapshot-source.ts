import type { LogRecord } from '@profile-warden/events';

/** A partition as the projector has written it, proven to be what was written. What it holds is not looked at yet. */
export interface StoredSnapshot {
  readonly nextOffset: number;
  readonly foldVersion: number;
  readonly state: unknown;
  readonly profiles: readonly unknown[];
}

export interface LoadOptions {
  /** Called after each chunk with the number of profiles read so far. */
  readonly onProgress: (profileCount: number) => void;
  readonly signal: AbortSignal;
}

/** Where snapshots of the fold are kept: the read model of the projector. */
export interface SnapshotSource {
  /**
   * Reads in chunks, so that heartbeats go on meanwhile; null where nothing was ever written for the partition.
   *
   * @throws SnapshotDamagedError when what is stored is not what was written; anything else: it cannot be had now.
   */
  load(partition: number, options: LoadOptions): Promise<StoredSnapshot | null>;
}

/** What is stored does not match its own hash. */
export class SnapshotDamagedError extends Error {
  override readonly name = 'SnapshotDamagedError';
}

/** Single records of the log, to hold a snapshot against it. */
export interface LogProbe {
  /** The first committed record at or behind an offset; null where the log has none, or begins behind the offset. */
  recordFrom(partition: number, offset: number, signal: AbortSignal): Promise<LogRecord | null>;
}
