import type { PartitionState } from '@profile-warden/domain';
import type { Clock, LogRecord } from '@profile-warden/events';
import { storableText, type Batch } from '@profile-warden/postgres';
import { PendingRows, type Standing } from './pending-rows.ts';
import type { OnProjectionSignal } from './signals.ts';
import type { ReadModelStore, StoredPosition } from './store.ts';
import type { Changes } from './tracked-profiles.ts';

export interface ProjectionOptions {
  readonly state: PartitionState;
  /** Where the read model stood when the partition was opened. */
  readonly stored: StoredPosition;
  readonly store: ReadModelStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnProjectionSignal;
  /** Told once when nothing more can be written: another projector, another log. */
  readonly onFailed: (error: Error) => void;
}

/**
 * Records are gathered for so long into one batch, in ms: heartbeats of a profile become one row. Where writing takes
 * long the pause grows with it, so that a busy database is asked less often and not more.
 */
const COALESCE_MS_MIN = 250;
const COALESCE_MS_MAX = 1_000;
const PAUSE_PER_WRITE = 9;
/** Archive rows that wait; past it folding waits as well. */
const WAITING_MAX = 5_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/**
 * Carries one partition into the read model.
 *
 * *behind*: what is folded lies before the stored position and is only remembered → *writing* once a batch reaches past
 * it: that batch writes every profile, so rows that were lost or changed by hand are right again, later ones write what
 * changed → *over* when the signal aborts or a write is refused. At most one batch is under way; `take` holds folding up
 * only when too much waits.
 */
export class PartitionProjection {
  readonly #options: ProjectionOptions;
  readonly #pending = new PendingRows();
  #written: Standing;
  /** Ends the pause between two batches. */
  #hurry = new AbortController();
  /** Those who wait until what waits has been taken into a batch. */
  #room: PromiseWithResolvers<void> | null = null;
  #isRunning = false;
  #failure: Error | null = null;

  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#written = options.stored;
  }

  /** Takes note of a batch that was folded. Resolves at once unless too much waits to be written. */
  async take(records: readonly LogRecord[], { touched, moves }: Changes): Promise<void> {
    this.#throwFailure();
    const { state } = this.#options;
    this.#verifyLog(records);
    for (const profileId of touched) this.#pending.touch(profileId);
    for (const record of records)
      if (record.offset >= this.#options.stored.nextOffset)
        this.#pending.note(record, moves.get(record.offset));
    if (state.nextOffset > this.#written.nextOffset && !this.#isRunning) void this.#run();
    if (this.#isFull) {
      this.#hurry.abort();
      await (this.#room ??= Promise.withResolvers()).promise;
    }
    this.#throwFailure();
  }

  get #isFull(): boolean {
    return this.#pending.archiveCount > WAITING_MAX;
  }

  async #run(): Promise<void> {
    const { clock, signal, state, onFailed } = this.#options;
    this.#isRunning = true;
    try {
      while (!signal.aborted && state.nextOffset > this.#written.nextOffset) {
        const startedAt = clock.now();
        const batch = this.#pending.collect(state, this.#written);
        this.#makeRoom();
        await this.#write(batch);
        this.#hurry = new AbortController();
        if (!this.#isFull)
          await clock.sleep(
            pauseAfter(clock.now() - startedAt),
            AbortSignal.any([signal, this.#hurry.signal]),
          );
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error instanceof Error ? error : new Error(String(error));
      onFailed(this.#failure);
    } finally {
      this.#isRunning = false;
      this.#makeRoom();
    }
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  /** Tries until it is written. The database may be away for long; folding then waits, and the log keeps everything. */
  async #write(batch: Batch): Promise<void> {
    const { store, clock, signal, onSignal, state } = this.#options;
    const startedAt = clock.now();
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
      try {
        await store.write(batch);
        break;
      } catch (error) {
        signal.throwIfAborted();
        if (!store.isWorthRetrying(error)) throw error;
        onSignal({ type: 'write-failed', partition: state.partition, error });
        await clock.sleep(waitMs, signal);
        signal.throwIfAborted();
      }
    }
    this.#written = batch.position;
    onSignal({
      type: 'written',
      partition: state.partition,
      nextOffset: this.#written.nextOffset,
      profileCount: batch.profiles.length,
      eventCount: batch.archive.length,
      tookMs: clock.now() - startedAt,
    });
  }

  /** The log must still begin with, and hold, the records that the read model was built from. */
  #verifyLog(records: readonly LogRecord[]): void {
    const { stored, state } = this.#options;
    const { firstRecordId, lastRecord } = stored;
    if (
      firstRecordId !== null &&
      state.firstRecordId !== null &&
      firstRecordId !== storableText(state.firstRecordId)
    )
      this.#refuse(
        `begins with record ${state.firstRecordId}, the read model was built from one that begins with ${firstRecordId}`,
      );
    if (lastRecord === null || state.nextOffset <= lastRecord.offset) return;
    const found = records.find(({ offset }) => offset === lastRecord.offset);
    if (found !== undefined && storableText(found.id) !== lastRecord.id)
      this.#refuse(
        `has record ${found.id} at offset ${lastRecord.offset}, the read model was built from ${lastRecord.id}`,
      );
  }

  #throwFailure(): void {
    if (this.#failure !== null) throw this.#failure;
  }

  #refuse(what: string): never {
    const error = new Error(
      `partition ${this.#options.state.partition}: the log ${what}. It has lost records or is another log; ` +
        'point the projector at its own database, or rebuild the read model.',
    );
    this.#failure = error;
    this.#options.onFailed(error);
    throw error;
  }
}

/** Never so long that two batches lie further apart than the longest gathering. */
const pauseAfter = (tookMs: number): number => {
  const everyMs = Math.min(COALESCE_MS_MAX, Math.max(COALESCE_MS_MIN, tookMs * (1 + PAUSE_PER_WRITE)));
  return Math.max(0, everyMs - tookMs);
};
