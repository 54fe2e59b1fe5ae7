import type { PartitionState } from '@profile-warden/domain';
import type { Clock, LogRecord } from '@profile-warden/events';
import { storableText, type Batch } from '@profile-warden/postgres';
import { PendingRows } from './pending-rows.ts';
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
  /**
   * Told once when too much waits for a read model that does not take it, as soon as that has answered again; from the
   * moment it was too much nothing is noted any more. Null: folding waits for as long as it takes.
   */
  readonly onOutrun: (() => void) | null;
  /** Nothing is written before it resolves, with the hash of what is at the stored position by then. Default: at once. */
  readonly begun?: Promise<string | null>;
}

/**
 * Records are gathered for so long into one batch, in ms: heartbeats of a profile become one row. Where writing takes
 * long the pause grows with it, so that a busy database is asked less often and not more.
 */
const COALESCE_MS_MIN = 250;
const COALESCE_MS_MAX = 1_000;
const PAUSE_PER_WRITE = 9;
/** Archive rows that wait; past it folding waits as well, for a read model that is only slow. */
const WAITING_MAX = 5_000;
/** Longest that folding waits at a stretch, in ms: what it would pay next, such as a fence, waits with it. */
const ROOM_MS_MAX = 2_000;
const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/**
 * Carries one partition into the read model.
 *
 * *behind*: what is folded lies before the stored position and is only remembered → *writing* once a batch reaches past
 * it: that batch writes every profile, so rows that were lost or changed by hand are right again, later ones write what
 * changed → *outrun* when too much waits and writes fail, or no room is made in time: what waits is let go, the batch
 * under way is still tried until it is known to be written → *over* then, or when the signal aborts or a write is refused.
 * At most one batch is under way; `take` holds folding up only when too much waits, and never for long.
 */
export class PartitionProjection {
  readonly #options: ProjectionOptions;
  #pending = new PendingRows();
  #written: StoredPosition;
  #begun: Promise<string | null> | null;
  /** Ends the pause between two batches. */
  #hurry = new AbortController();
  /** Those who wait until what waits has been taken into a batch. */
  #room: PromiseWithResolvers<void> | null = null;
  #running: Promise<void> | null = null;
  /** The read model is known to take nothing at the moment. */
  #isHeldUp = false;
  #isOutrun = false;
  #failure: Error | null = null;

  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#written = options.stored;
    this.#begun = options.begun ?? null;
  }

  /** Takes note of a batch that was folded. Resolves at once unless too much waits; then within 2 s where it may be outrun. */
  async take(records: readonly LogRecord[], { touched, moves }: Changes): Promise<void> {
    this.#throwFailure();
    const { state } = this.#options;
    this.#verifyLog(records);
    if (this.#isOutrun) return;
    for (const profileId of touched) this.#pending.touch(profileId);
    for (const record of records)
      if (record.offset >= this.#options.stored.nextOffset)
        this.#pending.note(record, moves.get(record.offset));
    if (state.nextOffset > this.#written.nextOffset) this.#running ??= this.#run();
    if (this.#isFull) await this.#waitForRoom();
    this.#throwFailure();
  }

  /** Resolves with where the read model stands once all that was taken is written. Rejects when the signal aborts. */
  async drained(): Promise<StoredPosition> {
    this.#hurry.abort();
    await this.#running;
    this.#throwFailure();
    this.#options.signal.throwIfAborted();
    const { nextOffset, hash, firstRecordId, lastRecord } = this.#written;
    return {
      nextOffset,
      hash,
      firstRecordId: firstRecordId === null ? null : storableText(firstRecordId),
      lastRecord: lastRecord === null ? null : { ...lastRecord, id: storableText(lastRecord.id) },
    };
  }

  /** Too much has waited: nothing is noted any more. */
  get isOutrun(): boolean {
    return this.#isOutrun;
  }

  get #isFull(): boolean {
    return this.#pending.archiveCount > WAITING_MAX;
  }

  async #waitForRoom(): Promise<void> {
    const { clock, signal, onOutrun } = this.#options;
    const isOverFull = (): boolean => this.#isFull && this.#failure === null && !signal.aborted;
    this.#hurry.abort();
    if (onOutrun === null) {
      while (isOverFull()) await (this.#room ??= Promise.withResolvers()).promise;
      return;
    }
    if (!this.#isHeldUp) {
      const { promise } = (this.#room ??= Promise.withResolvers());
      const isOver = new AbortController();
      await Promise.race([promise, clock.sleep(ROOM_MS_MAX, AbortSignal.any([signal, isOver.signal]))]);
      isOver.abort();
    }
    if (isOverFull()) this.#letGo();
  }

  /** All of it is in the log. */
  #letGo(): void {
    const { onSignal, state } = this.#options;
    this.#isOutrun = true;
    this.#pending = new PendingRows();
    this.#makeRoom();
    onSignal({ type: 'outrun', partition: state.partition, nextOffset: this.#written.nextOffset });
  }

  async #run(): Promise<void> {
    const { clock, signal, state, onFailed, onOutrun } = this.#options;
    try {
      if (this.#begun !== null) {
        this.#written = { ...this.#written, hash: await this.#begun };
        this.#begun = null;
      }
      while (!signal.aborted && !this.#isOutrun && state.nextOffset > this.#written.nextOffset) {
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
      this.#running = null;
      this.#makeRoom();
    }
    if (this.#isOutrun && !signal.aborted) onOutrun?.();
  }

  #makeRoom(): void {
    this.#room?.resolve();
    this.#room = null;
  }

  /** Tries until it is written. The database may be away for long; folding then outruns it, and the log keeps everything. */
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
        this.#isHeldUp = true;
        this.#makeRoom();
        await clock.sleep(waitMs, signal);
        signal.throwIfAborted();
      }
    }
    this.#written = batch.position;
    this.#isHeldUp = false;
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
