import type { EventOf } from '@profile-warden/events';
import {
  openStepOf,
  staysOpen,
  stepCompleted as foldCompleted,
  stepStarted as foldStarted,
  withOpenStep,
} from '../history.ts';
import { isOwned } from '../silence.ts';
import type { Lease, ProfileState, Pulse, SuspectedStage } from '../state.ts';
import type { At, IgnoredReason, Step } from './step.ts';

interface Current {
  readonly lease: Lease;
  readonly pulse: Pulse;
}

/** The lease a report speaks of, or why it speaks of none that counts. */
const reportedLease = (profile: ProfileState, token: number): Current | IgnoredReason => {
  const { lease, pulse } = profile;
  if (lease === null || pulse === null) return 'no-lease';
  if (token > lease.token) return 'unknown-token';
  return token < lease.token ? 'old-token' : { lease, pulse };
};

const heard = (at: At, pulse: Pulse, closed = false): Pulse => ({
  ...pulse,
  lastReport: { offset: at.offset, logMs: at.logMs, closed },
});

/** A report of a lease that has ended: kept as evidence that the holder lives, and heals nothing. */
const late = (at: At, profile: ProfileState, pulse: Pulse, closed = false): ProfileState => ({
  ...profile,
  pulse: { ...heard(at, pulse, closed), lateReportCount: pulse.lateReportCount + 1 },
  reappearedOffset: isRecovered(profile) ? (profile.reappearedOffset ?? at.offset) : profile.reappearedOffset,
});

/** Free, or about to be handed on, by a recovery: a word of the last holder now means that it was not gone. */
const isRecovered = ({ stage }: ProfileState): boolean =>
  stage.kind === 'resume-pending' ||
  (stage.kind === 'available' && stage.why !== 'released' && stage.why !== 'new');

export const heartbeat: Step<EventOf<'Heartbeat'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.token);
  if (typeof current === 'string') return current;
  const { lease, pulse } = current;
  if (event.incarnation !== lease.incarnation) return 'wrong-incarnation';
  if (!isOwned(profile)) return late(at, profile, pulse);
  const here = { offset: at.offset, logMs: at.logMs };
  const isReachable = event.browser === 'reachable';
  const next: Pulse = {
    ...pulse,
    lastReport: { offset: at.offset, logMs: at.logMs, closed: false },
    heartbeat: here,
    reachable: isReachable ? here : pulse.reachable,
    browser: event.browser,
    loopLagMs: event.loopLagMs,
    announced: null,
    countedBy: null,
  };
  const { stage } = profile;
  if (stage.kind !== 'suspected-stale' || stage.healedBy !== null || !heals(stage, isReachable))
    return { ...profile, pulse: next };
  return { ...profile, pulse: next, stage: { ...stage, healedBy: at.offset } };
};

/** Which heartbeat heals which suspicion; a restarted worker or host is healed by none. */
const heals = (stage: SuspectedStage, isReachable: boolean): boolean =>
  stage.cause === 'heartbeat-stopped' ||
  (isReachable && (stage.cause === 'browser-unreachable' || stage.cause === 'never-ready'));

export const stepStarted: Step<EventOf<'StepStarted'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.token);
  if (current === 'old-token') return oldHolderActs(at, profile, event);
  if (typeof current === 'string') return current;
  const { lease, pulse } = current;
  const isInspect = lease.intent === 'inspect';
  const open = staysOpen(event.kind)
    ? withOpenStep(profile.history, openStepOf(event, at.offset))
    : profile.history;
  if (!isOwned(profile)) return { ...late(at, profile, pulse), history: open };
  const history = isInspect ? open : foldStarted(profile.history, event, at);
  return { ...profile, pulse: { ...heard(at, pulse), stepSeen: true }, history };
};

/** An earlier holder acts although the profile has been handed on: two may have written, and a person must look. */
const oldHolderActs = (
  at: At,
  profile: ProfileState,
  event: EventOf<'StepStarted'>,
): ProfileState | IgnoredReason => {
  if (!staysOpen(event.kind)) return 'old-token';
  const history = withOpenStep(profile.history, openStepOf(event, at.offset));
  if (history === profile.history) return 'duplicate';
  return {
    ...profile,
    history,
    dualUse: { offset: at.offset, token: event.token, stepId: event.stepId },
  };
};

export const stepCompleted: Step<EventOf<'StepCompleted'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.token);
  if (typeof current === 'string') return current;
  // After the end of the lease an outcome settles nothing: the open step stays for the person who judges it.
  if (!isOwned(profile)) return late(at, profile, current.pulse);
  const history =
    current.lease.intent === 'inspect' ? profile.history : foldCompleted(profile.history, event, at);
  return { ...profile, pulse: heard(at, current.pulse), history };
};

export const silenceAnnounced: Step<EventOf<'SilenceAnnounced'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.token);
  if (typeof current === 'string') return current;
  if (!isOwned(profile)) return late(at, profile, current.pulse);
  const announced = { offset: at.offset, silenceMs: event.silenceMs };
  return { ...profile, pulse: { ...heard(at, current.pulse), announced } };
};

export const releaseRequested: Step<EventOf<'ReleaseRequested'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.token);
  if (typeof current === 'string') return current;
  const closed = event.browserClosed === 'confirmed';
  if (!isOwned(profile)) return late(at, profile, current.pulse, closed);
  if (current.pulse.release !== null) return 'duplicate';
  const release = { offset: at.offset, outcome: event.outcome, closed };
  return { ...profile, pulse: { ...heard(at, current.pulse, closed), release } };
};

/** An account service was asked to write under this token and refused. */
export const writeRefused: Step<EventOf<'WriteRefused'>> = (at, profile, event) => {
  const current = reportedLease(profile, event.presentedToken);
  if (typeof current === 'string') return current;
  const pulse = { ...current.pulse, refusedWriteCount: current.pulse.refusedWriteCount + 1 };
  return isOwned(profile) ? { ...profile, pulse } : late(at, profile, pulse);
};
