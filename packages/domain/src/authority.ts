import type { Cause, EventOf } from '@profile-warden/events';
import { admission, denialsOwed, type Denial } from './admission.ts';
import { earlier, type Case } from './owed.ts';
import { isOwned, silenceHeldUntil, silenceMs, unreachableMs } from './silence.ts';
import type { Lease, ProfileState, Pulse, SuspectedStage } from './state.ts';

/** A decision of the authority, without the epoch that the writer stamps on it. */
export type AuthorityDecision =
  | Unstamped<'Quarantined'>
  | Unstamped<'LeaseReleased'>
  | Unstamped<'SuspicionCleared'>
  | Unstamped<'StopRequested'>
  | Unstamped<'ResumeExpired'>
  | Unstamped<'LeaseGranted'>
  | Denial;

type Unstamped<
  K extends
    'Quarantined' | 'LeaseReleased' | 'SuspicionCleared' | 'StopRequested' | 'ResumeExpired' | 'LeaseGranted',
> = Omit<EventOf<K>, 'epoch'>;

/**
 * What the lease-authority owes a profile: the first of its duties that is due, or all denials that are. An empty
 * answer means that everything is as it should be. Paying a decision (its event comes back and is folded) removes it.
 */
export const owedByAuthority = (one: Case): readonly AuthorityDecision[] => {
  const first =
    personalQuarantine(one) ??
    reappearance(one) ??
    hostBack(one) ??
    release(one) ??
    unsettledOnAvailable(one) ??
    clearing(one) ??
    suspicionQuarantine(one) ??
    stop(one) ??
    resumeExpiry(one) ??
    admission(one);
  return first === null ? denialsOwed(one) : [first];
};

const quarantine = (
  { profile, policy }: Case,
  cause: Cause,
  suspicionOffset: number | null = null,
): Unstamped<'Quarantined'> => ({
  type: 'Quarantined',
  token: profile.token,
  round: profile.round + 1,
  cause,
  suspicionOffset,
  fenceTargets: policy.fenceTargets,
});

/** A person's request and a dual use are met by any stage that nobody may enter; they stay open until a review. */
const personalQuarantine = (one: Case): AuthorityDecision | null => {
  const { profile } = one;
  if (!mayBeEntered(profile)) return null;
  if (isRaised(profile, profile.operatorRequest?.offset)) return quarantine(one, 'operator');
  if (isRaised(profile, profile.dualUse?.offset)) return quarantine(one, 'dual-use');
  return null;
};

const mayBeEntered = (profile: ProfileState): boolean =>
  isOwned(profile) || profile.stage.kind === 'available' || profile.stage.kind === 'resume-pending';

/** An inspection carries the flags of its case; only what is raised after its grant ends it. */
const isRaised = ({ lease, stage }: ProfileState, offset: number | undefined): boolean => {
  if (offset === undefined) return false;
  const isInspection =
    lease?.intent === 'inspect' && (stage.kind === 'held' || stage.kind === 'suspected-stale');
  return !isInspection || offset > lease.grantedOffset;
};

const reappearance = (one: Case): AuthorityDecision | null => {
  const { stage, reappearedOffset } = one.profile;
  const isFree = stage.kind === 'available' || stage.kind === 'resume-pending';
  return isFree && reappearedOffset !== null ? quarantine(one, 'holder-reappeared') : null;
};

/** The host that nobody could look at is back or vouched for: the case is looked at again, without a person. */
const hostBack = (one: Case): AuthorityDecision | null => {
  const { state, profile } = one;
  const { stage, lease } = profile;
  if (stage.kind !== 'manual-review' || stage.rule !== 'holder-unknown' || lease === null) return null;
  const reported = state.hosts.get(lease.hostId)?.reportedOffset ?? null;
  return reported !== null && reported > (stage.evidence?.basedOn ?? Infinity)
    ? quarantine(one, 'host-restarted')
    : null;
};

const release = (one: Case): AuthorityDecision | null => {
  const { profile } = one;
  const { pulse, lease } = profile;
  if (!isOwned(profile) || pulse?.release == null || lease === null) return null;
  if (hasUnsettledStep(profile, lease) || !isSettledOutcome(pulse.release.outcome))
    return quarantine(one, 'unsettled-step');
  if (!pulse.release.closed) return quarantine(one, 'unconfirmed-close');
  const round = lease.intent === 'inspect' ? profile.round + 1 : null;
  return { type: 'LeaseReleased', token: profile.token, round };
};

const isSettledOutcome = (outcome: string): boolean =>
  outcome === 'completed' || outcome === 'failed' || outcome === 'cancelled';

/** An inspection answers only for its own steps; those of the case stay open behind it. */
const hasUnsettledStep = ({ history }: ProfileState, lease: Lease): boolean =>
  lease.intent === 'inspect'
    ? history.openSteps.some((step) => step.token === lease.token)
    : history.openSteps.length > 0 || history.openOverflow;

const unsettledOnAvailable = (one: Case): AuthorityDecision | null => {
  const { stage, history, token } = one.profile;
  const isUnsettled = history.openSteps.length > 0 || history.openOverflow;
  return stage.kind === 'available' && isUnsettled && token > 0 ? quarantine(one, 'unsettled-step') : null;
};

const clearing = ({ profile }: Case): AuthorityDecision | null => {
  const { stage, token } = profile;
  return stage.kind === 'suspected-stale' && stage.healedBy !== null
    ? { type: 'SuspicionCleared', token, heartbeatOffset: stage.healedBy }
    : null;
};

const suspicionQuarantine = (one: Case): AuthorityDecision | null => {
  const { stage } = one.profile;
  if (stage.kind !== 'suspected-stale') return null;
  const due = suspicionDueLogMs(one, stage);
  return due !== null && one.state.logMs >= due ? quarantine(one, stage.cause, stage.offset) : null;
};

/** Log time at which an unhealed suspicion becomes a quarantine. */
const suspicionDueLogMs = ({ state, profile, policy }: Case, stage: SuspectedStage): number | null => {
  const { lease, pulse, since } = profile;
  if (lease === null || pulse === null || stage.healedBy !== null) return null;
  const sinceSuspicion = since.logMs + Math.max(0, lease.leaseMs - policy.suspectAfterMs);
  const held = silenceHeldUntil(state);
  const now = state.logMs;
  switch (stage.cause) {
    case 'worker-restarted':
    case 'host-restarted':
      return now;
    case 'heartbeat-stopped':
      return Math.max(now - silenceMs(lease, pulse, now) + lease.leaseMs, sinceSuspicion, held);
    case 'browser-unreachable':
      return Math.max(now - unreachableMs(lease, pulse, now) + lease.leaseMs, sinceSuspicion, held);
    default:
      return Math.max(sinceSuspicion, held);
  }
};

const stop = (one: Case): AuthorityDecision | null => {
  const { state, profile, policy } = one;
  const { lease, pulse } = profile;
  if (!isOwned(profile) || lease === null || pulse === null || pulse.release !== null) return null;
  if (pulse.stop !== null)
    return state.logMs >= pulse.stop.logMs + pulse.stop.graceMs ? quarantine(one, 'stop-ignored') : null;
  const reason =
    state.logMs >= lease.grantedLogMs + lease.maxRuntimeMs
      ? 'runtime-exceeded'
      : state.hosts.get(lease.hostId)?.status === 'draining'
        ? 'host-draining'
        : null;
  return reason === null
    ? null
    : { type: 'StopRequested', token: profile.token, reason, graceMs: policy.stopGraceMs };
};

const resumeExpiry = ({ state, profile, policy }: Case): AuthorityDecision | null =>
  profile.stage.kind === 'resume-pending' && state.logMs >= profile.since.logMs + policy.resumeWindowMs
    ? { type: 'ResumeExpired', token: profile.token, round: profile.round + 1 }
    : null;

/** Log time at which the authority can next owe this profile something though no record speaks of it; null: never. */
export const authorityDeadline = (one: Case): number | null => {
  const { profile, policy } = one;
  const { stage, lease, pulse, since } = profile;
  let due: number | null = null;
  for (const request of profile.requests) due = earlier(due, request.logMs + request.waitMs);
  if (stage.kind === 'resume-pending') return earlier(due, since.logMs + policy.resumeWindowMs);
  if (!isOwned(profile) || lease === null || pulse === null) return due;
  if (stage.kind === 'suspected-stale') due = earlier(due, suspicionDueLogMs(one, stage));
  return earlier(due, stopDueLogMs(lease, pulse));
};

const stopDueLogMs = (lease: Lease, pulse: Pulse): number =>
  pulse.stop === null ? lease.grantedLogMs + lease.maxRuntimeMs : pulse.stop.logMs + pulse.stop.graceMs;

/**
 * The notice owed to whoever reported under a token that is no longer valid; null where the report was in order.
 * Asked once per record read live, never during a replay.
 */
export const rejectionOwed = (
  profile: ProfileState,
  presented: { readonly type: string; readonly token: number; readonly offset: number },
): Omit<EventOf<'StaleTokenRejected'>, 'epoch'> | null => {
  if (profile.lease === null || presented.token > profile.token) return null;
  if (presented.token === profile.token && isOwned(profile)) return null;
  return {
    type: 'StaleTokenRejected',
    presentedToken: presented.token,
    currentToken: profile.token,
    presented: presented.type,
    presentedOffset: presented.offset,
  };
};
