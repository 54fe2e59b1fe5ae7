import { canonicalJson } from '@profile-warden/domain';
import {
  SnapshotHash,
  storableText,
  type Batch,
  type CaseRow,
  type PartitionRow,
  type ProfileRow,
} from '@profile-warden/postgres';
import {
  caseKey,
  mergeCase,
  partitionText,
  profileRowOf,
  type ReplayedPartition,
} from '@profile-warden/projection';
import { EventDigests } from './event-digests.ts';

/** What a row is compared by: what may differ between two projectors that are both right is left out. */
export const positionValue = ({
  nextOffset,
  foldVersion,
  firstRecordId,
  lastRecord,
  state,
}: Omit<PartitionRow, 'hash'>): unknown => ({
  next_offset: nextOffset,
  fold_version: foldVersion,
  first_record_id: firstRecordId === null ? null : storableText(firstRecordId),
  last_record_id: lastRecord === null ? null : storableText(lastRecord.id),
  last_record_offset: lastRecord?.offset ?? null,
  state: JSON.parse(state) as unknown,
});

export const profileValue = (row: ProfileRow): unknown => ({
  lifecycle: row.lifecycle,
  token: row.token,
  since_offset: row.sinceOffset,
  since_at: row.sinceAt,
  state: JSON.parse(row.state) as unknown,
});

export const caseValue = (row: CaseRow): unknown => ({
  cause: row.cause,
  opened_offset: row.openedOffset,
  opened_at: row.openedAt,
  attempt_count: row.attemptCount,
  evidence: parsed(row.evidence),
  evidence_offset: row.evidenceOffset,
  decision: parsed(row.decision),
  decided_offset: row.decidedOffset,
  resolved: parsed(row.resolved),
  resolved_offset: row.resolvedOffset,
});

const parsed = (text: string | null): unknown => (text === null ? null : (JSON.parse(text) as unknown));

/** The rows of a partition in so far as they are kept for comparison: events as digests only. */
export class RowsDigest {
  readonly events = new EventDigests();
  readonly #rows = new SnapshotHash();

  row(table: string, key: string, value: unknown): void {
    this.#rows.set(`${table}/${key}`, canonicalJson([table, key, value]));
  }

  digest(position: unknown): string {
    return this.#rows.digest(canonicalJson([position, this.events.digest()]));
  }
}

/** The rows that the fold of the log comes to. */
export class FoldedRows {
  readonly replay: ReplayedPartition;
  readonly digest = new RowsDigest();
  readonly cases = new Map<string, CaseRow>();

  constructor(replay: ReplayedPartition) {
    this.replay = replay;
  }

  take = (batch: Batch): void => {
    for (const row of batch.cases) {
      const key = caseKey(row);
      this.cases.set(key, mergeCase(this.cases.get(key), row));
    }
    for (const row of batch.archive) this.digest.events.add(row);
  };

  profile(profileId: string): ProfileRow | undefined {
    const { state } = this.replay;
    const profile = state.profiles.get(profileId);
    return profile === undefined ? undefined : profileRowOf(profile, state.nextOffset);
  }

  /** Null before the first record: then nothing is written. */
  position(): unknown {
    const { state } = this.replay;
    return state.nextOffset === 0 ? null : positionValue({ ...state, state: partitionText(state) });
  }

  /** Of everything, once the last batch was taken. */
  hash(): string {
    for (const profile of this.replay.state.profiles.values())
      this.digest.row('profile', profile.profileId, profileValue(profileRowOf(profile, 0)));
    for (const [key, row] of this.cases) this.digest.row('recovery_case', key, caseValue(row));
    return this.digest.digest(this.position());
  }
}
