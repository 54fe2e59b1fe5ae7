import type { PartitionState } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { SnapshotHash, type ArchiveRow, type Batch, type CaseRow } from '@profile-warden/postgres';
import { caseChangeOf, caseKey, mergeCase } from './cases.ts';
import { archiveRowOf, partitionText, profileRowOf } from './rows.ts';
import type { Move } from './tracked-profiles.ts';

/** Where the read model of a partition stands, as far as its writer knows. */
export interface Standing {
  readonly nextOffset: number;
  /** Null where nothing was written yet. */
  readonly hash: string | null;
}

/**
 * What the fold has changed in a partition and the read model has not been told yet. However often a profile was
 * touched, it is one row: a thousand heartbeats between two batches cost as much as one.
 */
export class PendingRows {
  readonly #hash = new SnapshotHash();
  #touched = new Set<string>();
  #cases = new Map<string, CaseRow>();
  #archive: ArchiveRow[] = [];
  #hasAll = false;

  get archiveCount(): number {
    return this.#archive.length;
  }

  touch(profileId: string): void {
    this.#touched.add(profileId);
  }

  /** The record belongs to the archive and, where it moved its profile, to a case. */
  note(record: LogRecord, move: Move | undefined): void {
    const row = archiveRowOf(record);
    if (row !== null) this.#archive.push(row);
    const change = move === undefined ? null : caseChangeOf(record, move);
    if (change === null) return;
    const key = caseKey(change);
    this.#cases.set(key, mergeCase(this.#cases.get(key), change));
  }

  /**
   * Everything at one position. Synchronous, so no record can be folded in between. The first batch has every profile,
   * those behind it have what was touched.
   */
  collect(state: PartitionState, expected: Standing): Batch {
    const ids = this.#hasAll ? this.#touched : state.profiles.keys();
    const profiles = [...ids].flatMap((profileId) => {
      const profile = state.profiles.get(profileId);
      return profile === undefined ? [] : [profileRowOf(profile, state.nextOffset)];
    });
    for (const { profileId, state: text } of profiles) this.#hash.set(profileId, text);
    const text = partitionText(state);
    const batch: Batch = {
      partition: state.partition,
      expectedNextOffset: expected.nextOffset,
      expectedHash: expected.hash,
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
}
