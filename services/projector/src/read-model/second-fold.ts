import { evolve } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { PartitionProjection, type ProjectionOptions, type StoredPosition } from '@profile-warden/projection';
import type { TrackedState } from './tracked-state.ts';

/**
 * The committed records of a partition from one offset up to and without another, which lies in the log already. Rejects
 * where they cannot be had now; to be asked again then.
 */
export type ReadLog = (
  partition: number,
  from: number,
  to: number,
  signal: AbortSignal,
) => Promise<readonly LogRecord[]>;

/** Offsets read at once: so many records are in memory at most. */
const OFFSETS_MAX = 2_000;

/**
 * A fold of its own beside the one that serves: it goes through what the read model has missed, at the pace at which
 * that takes it, and nobody waits for it.
 */
export class SecondFold {
  /** Where the read model stood when this began. */
  readonly stored: StoredPosition;
  readonly #tracked: TrackedState;
  readonly #projection: PartitionProjection;

  constructor(tracked: TrackedState, options: Omit<ProjectionOptions, 'state' | 'onOutrun'>) {
    this.stored = options.stored;
    this.#tracked = tracked;
    this.#projection = new PartitionProjection({ ...options, state: tracked.state, onOutrun: null });
  }

  get nextOffset(): number {
    return this.#tracked.state.nextOffset;
  }

  /** Reads and folds the next piece on the way to an offset. After a rejection by `readLog` it may be called again. */
  async step(to: number, readLog: ReadLog, signal: AbortSignal): Promise<void> {
    const { state, profiles } = this.#tracked;
    const end = Math.min(to, state.nextOffset + OFFSETS_MAX);
    const records = await readLog(state.partition, state.nextOffset, end, signal);
    signal.throwIfAborted();
    for (const record of records) evolve(state, record);
    state.nextOffset = Math.max(state.nextOffset, end);
    await this.#projection.take(records, profiles.take());
  }

  /** Where the read model stands once everything that was folded here is in it. */
  written(): Promise<StoredPosition> {
    return this.#projection.drained();
  }
}
