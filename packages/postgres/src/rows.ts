/** Text that is valid JSON. Kept verbatim, so that what was hashed is what comes back. */
export type JsonText = string;

/** A profile as folded; `state` is all of it, the other fields are for queries. */
export interface ProfileRow {
  readonly profileId: string;
  readonly lifecycle: string;
  readonly token: number;
  readonly sinceOffset: number;
  /** Broker time, epoch ms; for display. */
  readonly sinceAt: number;
  readonly foldedOffset: number;
  readonly state: JsonText;
}

/** What a batch knows of one round of a recovery. Null: nothing new; what is stored stays. */
export interface CaseRow {
  readonly profileId: string;
  readonly token: number;
  readonly round: number;
  readonly cause: string;
  readonly openedOffset: number;
  readonly openedAt: number;
  /** Looks in this round, those included that settled nothing. */
  readonly attemptCount: number;
  readonly evidence: JsonText | null;
  readonly evidenceOffset: number | null;
  readonly decision: JsonText | null;
  readonly decidedOffset: number | null;
  readonly resolved: JsonText | null;
  readonly resolvedOffset: number | null;
}

export interface ArchiveRow {
  readonly offset: number;
  readonly brokerAt: number;
  readonly profileId: string | null;
  readonly type: string;
  readonly eventId: string;
  readonly body: JsonText;
}

/** A partition at a position: everything of it but its profiles. */
export interface PartitionRow {
  readonly nextOffset: number;
  readonly foldVersion: number;
  readonly firstRecordId: string | null;
  readonly lastRecord: { readonly offset: number; readonly id: string } | null;
  readonly state: JsonText;
  readonly hash: string;
}

export interface Batch {
  readonly partition: number;
  /** Where the writer believes the read model stands; 0 for a partition that was never written. */
  readonly expectedNextOffset: number;
  /** What it believes to be the hash there; null: whatever it is. Tells apart two read models at one position. */
  readonly expectedHash: string | null;
  readonly position: PartitionRow;
  /** Each profile at most once. */
  readonly profiles: readonly ProfileRow[];
  /** Each round at most once. */
  readonly cases: readonly CaseRow[];
  readonly archive: readonly ArchiveRow[];
}
