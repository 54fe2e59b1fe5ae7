import type { Pool } from 'pg';
import { storableText } from './storable-text.ts';

/** A writer's session that keeps a fence from being raised. */
export interface BlockingWriter {
  readonly pid: number;
  readonly applicationName: string | null;
  readonly userName: string | null;
  /** When its transaction began, epoch ms; null where it may not be seen. */
  readonly since: number | null;
}

export interface BlockedProfile {
  readonly profileId: string;
  readonly token: number;
  /** When a writer was first named for it, epoch ms. */
  readonly since: number;
  readonly sessions: readonly BlockingWriter[];
}

/** How one projector finds one fence target. Times are for people. */
export interface FenceTargetState {
  readonly target: string;
  readonly isReachable: boolean;
  /** Since when it is so, epoch ms. */
  readonly since: number;
  readonly incarnation: string | null;
  readonly lastError: string | null;
  readonly pendingCount: number;
  readonly blocked: readonly BlockedProfile[];
}

export interface StoredTargetState extends FenceTargetState {
  readonly projector: string;
  /** When the projector said so last. */
  readonly seenAt: Date;
}

/** What a projector that ended without a word has left is removed after so long. */
const FORGOTTEN_AFTER = `interval '1 day'`;
const INSTANT = `timestamptz 'epoch' + since * interval '1 millisecond'`;

/** Replaces what this projector has said of its targets. */
export async function writeTargetStates(
  pool: Pool,
  projector: string,
  states: readonly FenceTargetState[],
): Promise<void> {
  await pool.query(
    `with forgotten as (delete from fence_target_state where seen_at < now() - ${FORGOTTEN_AFTER} and projector <> $1)
     insert into fence_target_state
       (target, projector, reachable, since, incarnation, last_error, pending_count, blocked, seen_at)
     select target, $1, reachable, ${INSTANT}, incarnation, last_error, pending, blocked::json, now()
     from unnest($2::text[], $3::boolean[], $4::bigint[], $5::text[], $6::text[], $7::int[], $8::text[])
       as t (target, reachable, since, incarnation, last_error, pending, blocked)
     on conflict (target, projector) do update set
       reachable = excluded.reachable, since = excluded.since, incarnation = excluded.incarnation,
       last_error = excluded.last_error, pending_count = excluded.pending_count, blocked = excluded.blocked,
       seen_at = excluded.seen_at`,
    [
      projector,
      states.map((state) => state.target),
      states.map((state) => state.isReachable),
      states.map((state) => state.since),
      states.map((state) => state.incarnation),
      states.map((state) => (state.lastError === null ? null : storableText(state.lastError))),
      states.map((state) => state.pendingCount),
      states.map((state) => JSON.stringify(state.blocked)),
    ],
  );
}

/** The projector has ended: nothing that it said is so any more. */
export async function removeTargetStates(pool: Pool, projector: string): Promise<void> {
  await pool.query('delete from fence_target_state where projector = $1', [projector]);
}

/** What each projector says of each target, by target. */
export async function loadTargetStates(pool: Pool): Promise<readonly StoredTargetState[]> {
  const { rows } = await pool.query<Omit<StoredTargetState, 'since'> & { since: Date }>(
    `select target, projector, reachable as "isReachable", since, incarnation, last_error as "lastError",
            pending_count as "pendingCount", blocked, seen_at as "seenAt"
     from fence_target_state order by target, projector limit 1000`,
  );
  return rows.map((row) => ({ ...row, since: row.since.getTime() }));
}
