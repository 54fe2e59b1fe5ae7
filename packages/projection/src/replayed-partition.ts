import { emptyPartition, foldRecord, type FoldedRecord, type PartitionState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import type { Batch } from '@profile-warden/postgres';
import { PendingRows, type Standing } from './pending-rows.ts';
import { TrackedProfiles } from './tracked-profiles.ts';

/**
 * A partition folded from its first record, with the rows that a projector writes of it: for whoever builds a read
 * model, or holds one against the log, and does not follow the log for ever.
 */
export class ReplayedPartition {
  readonly state: PartitionState;
  readonly #profiles: TrackedProfiles;
  readonly #pending = new PendingRows();
  #folding = -1;
  #standing: Standing = { nextOffset: 0, hash: null };
  readonly #touchedAt = new Map<string, number>();

  constructor(partition: number) {
    this.#profiles = new TrackedProfiles([], () => this.#folding);
    this.state = { ...emptyPartition(partition), profiles: this.#profiles };
  }

  /** Offset of the last record that changed the profile. */
  touchedAt(profileId: string): number | undefined {
    return this.#touchedAt.get(profileId);
  }

  /** The next record. Call `batch` now and then: until then all rows are kept in memory. */
  fold(record: LogRecord): FoldedRecord {
    this.#folding = record.offset;
    const step = foldRecord(this.state, record);
    const { touched, moves } = this.#profiles.take();
    for (const profileId of touched) {
      this.#pending.touch(profileId);
      this.#touchedAt.set(profileId, record.offset);
    }
    this.#pending.note(record, moves.get(record.offset));
    return step;
  }

  /** The log was read up to this offset; what lies behind the last record are markers of transactions. */
  reached(nextOffset: number): void {
    this.state.nextOffset = Math.max(this.state.nextOffset, nextOffset);
  }

  /** What was folded since it was called last, as a projector would write it. */
  batch(): Batch {
    const batch = this.#pending.collect(this.state, this.#standing);
    this.#standing = batch.position;
    return batch;
  }
}
