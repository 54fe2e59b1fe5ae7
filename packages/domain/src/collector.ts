import type { Case } from './owed.ts';
import type { Policy } from './policy.ts';
import { holderIsSilent, silentAtLogMs } from './silence.ts';
import type { ProfileState, QuarantinedStage } from './state.ts';

/** One look that is due. */
export interface Look {
  readonly token: number;
  readonly round: number;
  readonly attempt: number;
  /** The last allowed attempt settles the round whatever it finds. */
  readonly isLast: boolean;
  /** No collector that could see the host has answered in time: say so. */
  readonly isOverdue: boolean;
}

/** What the evidence-collector owes a profile now. */
export const owedByCollector = (one: Case): Look | null => {
  const { state, profile, policy } = one;
  const { stage } = profile;
  if (stage.kind !== 'quarantined') return null;
  const due = lookDueLogMs(one, stage);
  if (due === null || state.logMs < due) return null;
  return {
    token: profile.token,
    round: profile.round,
    attempt: stage.attempts + 1,
    isLast: stage.attempts + 1 >= policy.evidenceAttempts,
    isOverdue: state.logMs >= overdueLogMs(due, policy),
  };
};

/**
 * A collector looks twice with `settleMs` between, so none can have answered before that has passed; whoever spoke for
 * it earlier would be first every time.
 */
const overdueLogMs = (due: number, policy: Policy): number =>
  due + policy.settleMs + policy.collectorTimeoutMs;

/**
 * Log time of the next look: the first waits until things have settled behind the fence and a correct holder must have
 * stopped, but never longer than a lease; the others follow at an interval.
 */
const lookDueLogMs = ({ profile, policy }: Case, stage: QuarantinedStage): number | null => {
  const { lease, pulse } = profile;
  if (stage.fencedLogMs === null || lease === null) return null;
  if (stage.lastAttemptLogMs !== null) return stage.lastAttemptLogMs + policy.evidenceEveryMs;
  const settled = stage.fencedLogMs + policy.settleMs;
  if (holderIsSilent(profile, settled)) return settled;
  // Settling may be set longer than a lease lasts; it is never cut short.
  return Math.max(settled, Math.min(silentAtLogMs(lease, pulse), stage.fencedLogMs + lease.leaseMs));
};

export const collectorDeadline = (one: Case): number | null => {
  const { stage } = one.profile;
  if (stage.kind !== 'quarantined') return null;
  const due = lookDueLogMs(one, stage);
  return due === null || one.state.logMs < due ? due : overdueLogMs(due, one.policy);
};

/** Leases of the same host that have ended in silence or are silent now: one worker, or the whole host? */
export const silentOnHost = ({ state, profile, policy }: Case): number => {
  const hostId = profile.lease?.hostId;
  let count = 0;
  for (const other of state.profiles.values()) {
    if (other === profile || other.lease?.hostId !== hostId || !isUnwell(other)) continue;
    if (state.logMs - other.since.logMs <= policy.leaseMs) count += 1;
  }
  return count;
};

const isUnwell = ({ stage }: ProfileState): boolean =>
  stage.kind === 'suspected-stale' || stage.kind === 'quarantined' || stage.kind === 'inspected';
