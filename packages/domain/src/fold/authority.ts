import type { EventOf } from '@profile-warden/events';
import { emptyHistory, emptyPulse } from '../initial-state.ts';
import { inheritedHistory } from '../history.ts';
import { isOwned } from '../silence.ts';
import type { History, Lease, LeaseRequest, ProfileState } from '../state.ts';
import { answered } from './request.ts';
import { enter, type At, type Step } from './step.ts';

/** A zombie's decision: made under a barrier that another one has replaced. */
const isStale = (at: At, event: { readonly epoch: number }): boolean => event.epoch !== at.state.epoch;

export const leaseGranted: Step<EventOf<'LeaseGranted'>> = (at, profile, event) => {
  // Even a grant without effect uses its token up for those decided later. One decided before it was read, under the
  // barrier that holds, still counts: an authority's own decision is never ignored.
  const seen = { ...profile, highestToken: Math.max(profile.highestToken, event.token) };
  if (isStale(at, event) || event.token <= profile.token || !admits(profile, event.intent)) {
    if (seen.highestToken !== profile.highestToken) at.state.profiles.set(profile.profileId, seen);
    return isStale(at, event) ? 'stale-epoch' : 'not-in-this-stage';
  }
  const request = profile.requests.find((one) => one.requestId === event.requestId) ?? null;
  const lease: Lease = {
    token: event.token,
    requestId: event.requestId,
    workerId: event.holder.workerId,
    incarnation: event.holder.incarnation,
    hostId: event.holder.hostId,
    taskId: event.holder.taskId,
    intent: event.intent,
    leaseMs: event.leaseMs,
    maxRuntimeMs: event.maxRuntimeMs,
    resumed: event.resumeFrom !== null,
    requestedOffset: request?.offset ?? at.offset,
    grantedOffset: at.offset,
    grantedLogMs: at.logMs,
    request,
  };
  const history = grantedHistory(profile, lease, request);
  const open = history.openSteps[0];
  return enter(
    at,
    {
      ...answered(seen, event.requestId, at.logMs),
      token: event.token,
      round: 0,
      lease,
      pulse: emptyPulse,
      history,
      // A step of an earlier lease that is open when the profile changes hands: two may be acting.
      dualUse:
        open !== undefined && event.intent !== 'inspect'
          ? (profile.dualUse ?? { offset: at.offset, token: open.token, stepId: open.stepId })
          : profile.dualUse,
      reappearedOffset: null,
      fencedOffset: null,
      lastBrowser:
        request?.browserVersion == null
          ? profile.lastBrowser
          : { kind: request.browserKind, version: request.browserVersion },
    },
    { kind: 'held' },
  );
};

/** An inspection may land behind the review that ended its case; it finds the profile where that review put it. */
const admits = ({ stage }: ProfileState, intent: Lease['intent']): boolean =>
  stage.kind === 'available' ||
  stage.kind === 'resume-pending' ||
  (intent === 'inspect' && (stage.kind === 'manual-review' || stage.kind === 'retired'));

const grantedHistory = (profile: ProfileState, lease: Lease, request: LeaseRequest | null): History => {
  if (lease.intent === 'inspect') return profile.history;
  if (lease.resumed && profile.stage.kind === 'resume-pending')
    return inheritedHistory(profile.history, profile.stage.checkpoint);
  const origin = {
    hostId: lease.hostId,
    proxyId: request?.proxyId ?? null,
    directory: request?.profileDirectory ?? null,
  };
  return {
    ...emptyHistory({ taskId: lease.taskId, readOnly: request?.readOnly ?? false, origin }),
    openSteps: profile.history.openSteps,
    openOverflow: profile.history.openOverflow,
  };
};

export const leaseDenied: Step<EventOf<'LeaseDenied'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  return answered(profile, event.requestId, at.logMs);
};

export const leaseReleased: Step<EventOf<'LeaseReleased'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  if (event.token !== profile.token || !isOwned(profile)) return 'not-in-this-stage';
  if (event.round !== null)
    return enter(at, { ...profile, round: event.round }, inspected('inspection-ended'));
  return enter(at, profile, { kind: 'available', why: 'released', taskId: profile.lease?.taskId ?? null });
};

const inspected = (rule: string): ProfileState['stage'] => ({
  kind: 'manual-review',
  rule,
  reasons: [],
  cause: null,
  evidence: null,
});

export const suspicionCleared: Step<EventOf<'SuspicionCleared'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  if (event.token !== profile.token || profile.stage.kind !== 'suspected-stale') return 'not-in-this-stage';
  return enter(at, profile, { kind: 'held' });
};

export const stopRequested: Step<EventOf<'StopRequested'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  const { pulse } = profile;
  if (event.token !== profile.token || pulse === null || !isOwned(profile)) return 'not-in-this-stage';
  const stop = { offset: at.offset, logMs: at.logMs, graceMs: event.graceMs };
  return { ...profile, pulse: { ...pulse, stop } };
};

export const quarantined: Step<EventOf<'Quarantined'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  if (event.token !== profile.token || event.round <= profile.round) return 'not-in-this-stage';
  return enter(
    at,
    {
      ...profile,
      round: event.round,
      reappearedOffset: null,
      recoveries: countedRecoveries(profile, event),
    },
    {
      kind: 'quarantined',
      cause: event.cause,
      fenceTargets: event.fenceTargets,
      confirmed: [],
      fencedLogMs: event.fenceTargets.length === 0 ? at.logMs : null,
      attempts: 0,
      lastAttemptLogMs: null,
      lastEvidence: null,
      fromRetired: profile.stage.kind === 'retired',
    },
  );
};

/** A task that needs recovery again and again is its own cause; a planned stop or a reboot is not. */
const countedRecoveries = (
  profile: ProfileState,
  event: EventOf<'Quarantined'>,
): ProfileState['recoveries'] => {
  const { lease, recoveries } = profile;
  if (lease === null || lease.intent === 'inspect' || event.round !== 1) return recoveries;
  if (event.cause === 'stop-ignored' || event.cause === 'host-restarted') return recoveries;
  const before = recoveries?.taskId === lease.taskId ? recoveries.count : 0;
  return { taskId: lease.taskId, count: before + 1 };
};

export const resumeExpired: Step<EventOf<'ResumeExpired'>> = (at, profile, event) => {
  if (isStale(at, event)) return 'stale-epoch';
  if (event.token !== profile.token || profile.stage.kind !== 'resume-pending') return 'not-in-this-stage';
  return enter(at, { ...profile, round: event.round }, inspected('resume-expired'));
};

/** A notice to the late holder; the report it answers is already in the state. */
export const staleTokenRejected: Step<EventOf<'StaleTokenRejected'>> = (at, profile, event) =>
  isStale(at, event) ? 'stale-epoch' : profile;
