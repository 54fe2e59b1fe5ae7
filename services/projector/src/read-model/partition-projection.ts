import type { PartitionState } from '@profile-warden/domain';
import type { Clock, LogRecord } from '@profile-warden/events';
import {
  SnapshotHash,
  storableText,
  type ArchiveRow,
  type Batch,
  type CaseRow,
} from '@profile-warden/postgres';
import type { OnProjectorSignal } from '../signals.ts';
import { caseChangeOf, caseKey, mergeCase } from './cases.ts';
import { archiveRowOf, partitionText, profileRowOf } from './rows.ts';
import type { ReadModelStore, StoredPosition } from './store.ts';
import type { Changes } from './tracked-profiles.ts';

export interface ProjectionOptions {
  readonly state: PartitionState;
  /** Where the read model stood when the partition was opened. */
  readonly stored: StoredPosition;
  readonly store: ReadModelStore;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnProjectorSignal;
  /** Told once when nothing more can be written: another projector, another log. */
  readonly onFailed: (error: Error) => void;
}

/** Time over which records are gathered into one batch, in ms: heartbeats of a profile become one row. */
const COALESCE_MS = 250;
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
  readonly #hash = new SnapshotHash();
  #touched = new Set<string>();
  #cases = new Map<string, CaseRow>();
  #archive: ArchiveRow[] = [];
  #written: number;
  #hasAll = false;
  #running: Promise<void> | null = null;
  #failure: Error | null = null;

  constructor(options: ProjectionOptions) {
    this.#options = options;
    this.#written = options.stored.nextOffset;
  }

  /** Takes note of a batch that was folded. Resolves at once unless too much waits to be written. */
  async take(records: readonly LogRecord[], { touched, moves }: Changes): Promise<void> {
    this.#throwFailure();
    const { state } = this.#options;
    this.#verifyLog(records);
    for (const profileId of touched) this.#touched.add(profileId);
    for (const record of records) {
      if (record.offset < this.#options.stored.nextOffset) continue;
      const row = archiveRowOf(record);
      if (row !== null) this.#archive.push(row);
      const move = moves.get(record.offset);
      const change = move === undefined ? null : caseChangeOf(record, move);
      if (change !== null)
        this.#cases.set(caseKey(change), mergeCase(this.#cases.get(caseKey(change)), change));
    }
    if (state.nextOffset > this.#written) this.#running ??= this.#run();
    if (this.#archive.length > WAITING_MAX) await this.#running;
    this.#throwFailure();
  }

  async #run(): Promise<void> {
    const { clock, signal, state, onFailed } = this.#options;
    try {
      while (!signal.aborted && state.nextOffset > this.#written) {
        const startedAt = clock.now();
        await this.#write(this.#collect());
        await clock.sleep(Math.max(0, COALESCE_MS - (clock.now() - startedAt)), signal);
      }
    } catch (error) {
      if (signal.aborted) return;
      this.#failure = error instanceof Error ? error : new Error(String(error));
      onFailed(this.#failure);
    } finally {
      this.#running = null;
    }
  }

  /** Everything at one position. Synchronous, so no record can be folded in between. */
  #collect(): Batch {
    const { state } = this.#options;
    const ids = this.#hasAll ? this.#touched : state.profiles.keys();
    const profiles = [...ids].flatMap((profileId) => {
      const profile = state.profiles.get(profileId);
      return profile === undefined ? [] : [profileRowOf(profile, state.nextOffset)];
    });
    for (const { profileId, state: text } of profiles) this.#hash.set(profileId, text);
    const text = partitionText(state);
    const batch: Batch = {
      partition: state.partition,
      expectedNextOffset: this.#written,
      position: {
        nextOffset: state.nextOffset,
        foldVersion: state.foldVersion,
        firstRecordId: state.firstRecordId,
        lastRecord: state.lastRecord,
        state: text,
        hash: this.#hash.digest(text),
      },
      profiles,
      cases: [...this.#cases.values()],
      archive: this.#archive,
    };
    this.#hasAll = true;
    this.#touched = new Set();
    this.#cases = new Map();
    this.#archive = [];
    return batch;
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
    this.#written = batch.position.nextOffset;
    onSignal({
      type: 'written',
      partition: state.partition,
      nextOffset: this.#written,
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
