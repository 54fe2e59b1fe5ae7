import type { Pool } from 'pg';

export interface StoredProfile {
  readonly profileId: string;
  readonly partition: number;
  readonly lifecycle: string;
  readonly token: number;
  readonly sinceOffset: number;
  readonly sinceAt: Date;
  readonly foldedOffset: number;
  readonly state: unknown;
}

export interface StoredCase {
  readonly profileId: string;
  readonly token: number;
  readonly round: number;
  readonly cause: string;
  readonly openedOffset: number;
  readonly openedAt: Date;
  readonly attemptCount: number;
  readonly evidence: unknown;
  readonly evidenceOffset: number | null;
  readonly decision: unknown;
  readonly decidedOffset: number | null;
  readonly resolved: unknown;
  readonly resolvedOffset: number | null;
}

export interface OpenReview {
  readonly profile: StoredProfile;
  /** The newest round, null where the profile came to review without one. */
  readonly case: StoredCase | null;
}

export interface ArchivedEvent {
  readonly partition: number;
  readonly offset: number;
  readonly brokerAt: Date;
  readonly profileId: string | null;
  readonly type: string;
  readonly eventId: string;
  readonly body: unknown;
}

const PROFILE = `p.profile_id as "profileId", p.partition, p.lifecycle, p.token, p.since_offset as "sinceOffset",
  p.since_at as "sinceAt", p.folded_offset as "foldedOffset", p.state`;
const CASE = `c.profile_id as "profileId", c.token, c.round, c.cause, c.opened_offset as "openedOffset",
  c.opened_at as "openedAt", c.attempt_count as "attemptCount", c.evidence, c.evidence_offset as "evidenceOffset", c.decision,
  c.decided_offset as "decidedOffset", c.resolved, c.resolved_offset as "resolvedOffset"`;
const EVENT = `partition, log_offset as "offset", broker_at as "brokerAt", profile_id as "profileId", type,
  event_id as "eventId", body`;
const PAGE_MAX = 10_000;

export async function loadProfile(pool: Pool, profileId: string): Promise<StoredProfile | null> {
  const { rows } = await pool.query<StoredProfile>(
    `select ${PROFILE} from profile p where p.profile_id = $1`,
    [profileId],
  );
  return rows[0] ?? null;
}

/** Every round of a profile, oldest first. */
export async function loadCases(pool: Pool, profileId: string): Promise<readonly StoredCase[]> {
  const { rows } = await pool.query<StoredCase>(
    `select ${CASE} from recovery_case c where c.profile_id = $1 order by c.token, c.round limit ${PAGE_MAX}`,
    [profileId],
  );
  return rows;
}

/** Profiles that wait for a person, longest waiting first. */
export async function openReviews(pool: Pool, limit = 100): Promise<readonly OpenReview[]> {
  const { rows } = await pool.query<StoredProfile>(
    `select ${PROFILE} from profile p where p.lifecycle = 'manual-review'
     order by p.since_at, p.profile_id limit $1`,
    [Math.min(limit, PAGE_MAX)],
  );
  const cases = await pool.query<StoredCase>(
    `select distinct on (c.profile_id) ${CASE} from recovery_case c where c.profile_id = any ($1)
     order by c.profile_id, c.token desc, c.round desc`,
    [rows.map((row) => row.profileId)],
  );
  const newest = new Map(cases.rows.map((row) => [row.profileId, row]));
  return rows.map((profile) => ({ profile, case: newest.get(profile.profileId) ?? null }));
}

export interface TimelineOptions {
  /** Only events behind this offset. Default: from the beginning. */
  readonly afterOffset?: number;
  /** Events at most. Default 1,000, at most 10,000. */
  readonly limit?: number;
}

/** What happened to a profile, in log order, heartbeats left out. */
export async function timeline(
  pool: Pool,
  profileId: string,
  options: TimelineOptions = {},
): Promise<readonly ArchivedEvent[]> {
  const { rows } = await pool.query<ArchivedEvent>(
    `select ${EVENT} from event_archive where profile_id = $1 and log_offset > $2 order by log_offset limit $3`,
    [profileId, options.afterOffset ?? -1, Math.min(options.limit ?? 1_000, PAGE_MAX)],
  );
  return rows;
}
