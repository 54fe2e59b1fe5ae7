import type { EventOf } from '@profile-warden/events';
import { withoutRepeatable } from '../history.ts';
import { holderVerdict } from '../holder.ts';
import { hasReportedAfter, holderIsSilent, isHostRestarted, isWorkerRestarted } from '../silence.ts';
import type { HistoryCheckpoint, ProfileState, QuarantinedStage, Stage } from '../state.ts';
import { enter, type At, type IgnoredReason, type Step } from './step.ts';

export const profileRegistered: Step<EventOf<'ProfileRegistered'>> = (_at, profile, event) => {
  const { type: _type, ...registration } = event;
  return { ...profile, registration };
};

export const suspectedStale: Step<EventOf<'SuspectedStale'>> = (at, profile, event) => {
  const { lease, pulse } = profile;
  if (lease === null || pulse === null || event.token !== profile.token) return 'stale-token';
  if (profile.stage.kind !== 'held') return 'not-in-this-stage';
  if (!isFounded(at, profile, event)) return 'based-on-another';
  return enter(at, profile, {
    kind: 'suspected-stale',
    cause: event.cause,
    offset: at.offset,
    healedBy: null,
  });
};

/** A suspicion counts only if the state still shows what it was raised on. */
const isFounded = (at: At, { lease, pulse }: ProfileState, event: EventOf<'SuspectedStale'>): boolean => {
  if (lease === null || pulse === null) return false;
  switch (event.cause) {
    case 'heartbeat-stopped':
      return event.basedOn === (pulse.heartbeat?.offset ?? null);
    case 'browser-unreachable':
      return pulse.reachable !== null && event.basedOn === pulse.reachable.offset;
    case 'never-ready':
      return pulse.reachable === null && event.basedOn === null;
    case 'worker-restarted':
      return isWorkerRestarted(at.state, lease);
    case 'host-restarted':
      return isHostRestarted(at.state, lease);
    default:
      return false;
  }
};

export const fenceConfirmed: Step<EventOf<'FenceConfirmed'>> = (at, profile, event) => {
  const { stage } = profile;
  if (event.token !== profile.token) return 'stale-token';
  if (stage.kind !== 'quarantined') return 'not-in-this-stage';
  if (!stage.fenceTargets.includes(event.target)) return 'unknown-target';
  if (stage.confirmed.includes(event.target)) return 'duplicate';
  const confirmed = [...stage.confirmed, event.target];
  const isFenced = stage.fenceTargets.every((target) => confirmed.includes(target));
  return {
    ...profile,
    fencedOffset: profile.fencedOffset ?? at.offset,
    stage: { ...stage, confirmed, fencedLogMs: isFenced ? at.logMs : null },
  };
};

export const evidenceCollected: Step<EventOf<'EvidenceCollected'>> = (at, profile, event) => {
  const { stage } = profile;
  if (event.token !== profile.token) return 'stale-token';
  if (stage.kind !== 'quarantined') return 'not-in-this-stage';
  if (event.round !== profile.round) return 'other-round';
  if (stage.fencedLogMs === null) return 'fence-open';
  if (event.attempt !== stage.attempts + 1) return 'other-attempt';
  const { basedOn, attempt, complete, findings } = event;
  const evidence = { offset: at.offset, basedOn, attempt, complete, findings };
  const counted: QuarantinedStage = {
    ...stage,
    attempts: attempt,
    lastAttemptLogMs: at.logMs,
    lastEvidence: evidence,
  };
  // Kept as an attempt; the holder spoke, or may still believe in its lease, so this look settles nothing.
  if (!complete || (holderVerdict(at.state, profile, event) === 'gone' && !holderIsSilent(profile, at.logMs)))
    return { ...profile, stage: counted };
  const version = findings.browserVersion;
  return enter(
    at,
    {
      ...profile,
      lastBrowser:
        version === null || profile.lease?.request == null
          ? profile.lastBrowser
          : { kind: profile.lease.request.browserKind, version },
    },
    { kind: 'inspected', cause: stage.cause, attempts: attempt, evidence, fromRetired: stage.fromRetired },
  );
};

/** Why nothing that would free the profile may count yet; null when it may. */
const holderObjection = (at: At, profile: ProfileState, basedOn: number): IgnoredReason | null =>
  hasReportedAfter(profile, basedOn)
    ? 'holder-reported'
    : holderIsSilent(profile, at.logMs)
      ? null
      : 'holder-recent';

export const decided: Step<EventOf<'Decided'>> = (at, profile, event) => {
  const { stage } = profile;
  if (event.token !== profile.token) return 'stale-token';
  if (stage.kind !== 'inspected') return 'not-in-this-stage';
  if (event.round !== profile.round) return 'other-round';
  if (event.basedOn !== stage.evidence.basedOn) return 'based-on-another';
  if (event.outcome === 'UNKNOWN') return 'unknown-value';
  if (event.outcome === 'manual-review')
    return enter(at, profile, {
      kind: 'manual-review',
      rule: event.rule,
      reasons: event.reasons,
      cause: stage.cause,
      evidence: stage.evidence,
    });
  const objection = holderObjection(at, profile, event.basedOn);
  if (objection !== null) return objection;
  const taskId = profile.history.taskId;
  const freed = { ...profile, history: withoutRepeatable(profile.history, event.basedOn) };
  if (event.outcome !== 'resume-pending')
    return enter(at, freed, {
      kind: 'available',
      why: event.outcome === 'retry' ? 'retry' : 'recovered',
      taskId,
    });
  const checkpoint = profile.history.checkpoints.find((one) => one.offset === event.checkpointOffset);
  return checkpoint === undefined || taskId === null
    ? 'no-checkpoint'
    : enter(at, freed, { kind: 'resume-pending', taskId, checkpoint });
};

export const quarantineRequested: Step<EventOf<'QuarantineRequested'>> = (at, profile, event) => {
  if (profile.token === 0) return 'never-leased';
  if (event.token !== profile.token) return 'stale-view';
  if (profile.operatorRequest !== null) return 'duplicate';
  const { operator, reason } = event;
  return { ...profile, operatorRequest: { offset: at.offset, operator, reason } };
};

export const reviewResolved: Step<EventOf<'ReviewResolved'>> = (at, profile, event) => {
  const { stage } = profile;
  if (event.token !== profile.token) return 'stale-token';
  if (stage.kind !== 'manual-review' && stage.kind !== 'retired') return 'not-in-this-stage';
  if (event.round !== profile.round) return 'other-round';
  if (event.basedOn < profile.since.offset || event.basedOn >= at.offset) return 'stale-view';
  if (event.outcome === 'UNKNOWN') return 'unknown-value';
  if (event.outcome === 'retired')
    return stage.kind === 'retired'
      ? 'duplicate'
      : enter(at, judged(profile, event), { kind: 'retired', evidence: stage.evidence });
  const objection = holderObjection(at, profile, event.basedOn);
  if (objection !== null) return objection;
  const { openSteps } = profile.history;
  if (openSteps.some((open) => !event.verdicts.some((verdict) => verdict.stepId === open.stepId)))
    return 'verdict-missing';
  const next = reviewedStage(at, profile, event);
  return next === null ? 'no-checkpoint' : enter(at, judged(profile, event), next);
};

/** What the person has seen is settled by the verdicts; what came in behind the form stays open. */
const judged = (profile: ProfileState, event: EventOf<'ReviewResolved'>): ProfileState => {
  const open = (offset: number | undefined): boolean => offset !== undefined && offset > event.basedOn;
  const isFreed = event.outcome !== 'retired';
  return {
    ...profile,
    operatorRequest: open(profile.operatorRequest?.offset) ? profile.operatorRequest : null,
    dualUse: open(profile.dualUse?.offset) ? profile.dualUse : null,
    unreadableOffset: open(profile.unreadableOffset ?? undefined) ? profile.unreadableOffset : null,
    recoveries: isFreed ? null : profile.recoveries,
    history: isFreed
      ? {
          ...profile.history,
          openSteps: profile.history.openSteps.filter((step) => open(step.offset)),
          // Behind the form only an earlier holder can have overflowed the list without making the review void.
          openOverflow: profile.history.openOverflow && open(profile.dualUse?.offset),
        }
      : profile.history,
  };
};

const reviewedStage = (at: At, profile: ProfileState, event: EventOf<'ReviewResolved'>): Stage | null => {
  const { taskId, checkpoints } = profile.history;
  if (event.outcome !== 'resume-pending')
    return { kind: 'available', why: event.outcome === 'retry' ? 'retry' : 'reviewed', taskId };
  if (event.checkpoint === null || taskId === null) return null;
  const known = checkpoints.findLast((checkpoint) => checkpoint.name === event.checkpoint);
  // A person may vouch for a point the log does not know; nothing is known to have been done since.
  const vouched: HistoryCheckpoint = {
    name: event.checkpoint,
    stored: 'server',
    offset: at.offset,
    logMs: at.logMs,
    inherited: true,
  };
  return { kind: 'resume-pending', taskId, checkpoint: known ?? vouched };
};
