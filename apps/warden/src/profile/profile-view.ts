import {
  isOwned,
  type Evidence,
  type OpenStep,
  type PartitionState,
  type ProfileState,
  type Stage,
} from '@profile-warden/domain';
import { utc } from '../format/time.ts';
import { holderSilentInMs } from '../review/review-row.ts';
import { nextAction, type NextAction } from './next-action.ts';

/** A profile as people look at it; plain data, printed as it is by `--json`. */
export interface ProfileView {
  readonly profileId: string;
  readonly partition: number;
  readonly foldedOffset: number;
  readonly logMs: number;
  readonly stage: Stage['kind'];
  /** What the stage rests on, by name: cause, rule, reasons, fences, task. */
  readonly why: Readonly<Record<string, string | number | readonly string[]>>;
  readonly since: {
    readonly offset: number;
    readonly brokerMs: number;
    /** The same, UTC. */
    readonly at: string;
    readonly logMs: number;
    readonly ageMs: number;
  };
  readonly token: number;
  readonly highestToken: number;
  readonly round: number;
  readonly holder: HolderView | null;
  readonly evidence: Evidence | null;
  readonly openSteps: readonly OpenStep[];
  readonly openOverflow: boolean;
  readonly lastStep: ProfileState['history']['lastStep'];
  readonly checkpoint: ProfileState['history']['checkpoints'][number] | null;
  readonly waiting: readonly WaitingView[];
  readonly operatorRequest: ProfileState['operatorRequest'];
  readonly dualUse: ProfileState['dualUse'];
  readonly reappearedOffset: number | null;
  readonly unreadableOffset: number | null;
  readonly registration: ProfileState['registration'];
  readonly next: NextAction;
}

interface HolderView {
  /** False where the lease has ended, or its token was revoked. */
  readonly holds: boolean;
  readonly token: number;
  readonly workerId: string;
  readonly incarnation: string;
  readonly hostId: string;
  readonly taskId: string;
  readonly intent: string;
  readonly grantedOffset: number;
  readonly leaseMs: number;
  readonly browser: string | null;
  readonly lastReport: { readonly offset: number; readonly agoMs: number } | null;
  readonly silentInMs: number;
  readonly lateReportCount: number;
  readonly refusedWriteCount: number;
}

interface WaitingView {
  readonly requestId: string;
  readonly workerId: string;
  readonly hostId: string;
  readonly taskId: string;
  readonly intent: string;
  readonly offset: number;
  /** Log time left until it is denied. */
  readonly leftMs: number;
}

export const profileView = (state: PartitionState, profile: ProfileState): ProfileView => ({
  profileId: profile.profileId,
  partition: state.partition,
  foldedOffset: state.nextOffset - 1,
  logMs: state.logMs,
  stage: profile.stage.kind,
  why: whyOf(profile.stage),
  since: { ...profile.since, at: utc(profile.since.brokerMs), ageMs: state.logMs - profile.since.logMs },
  token: profile.token,
  highestToken: profile.highestToken,
  round: profile.round,
  holder: holderView(state, profile),
  evidence: evidenceOf(profile.stage),
  openSteps: profile.history.openSteps,
  openOverflow: profile.history.openOverflow,
  lastStep: profile.history.lastStep,
  checkpoint: profile.history.checkpoints.at(-1) ?? null,
  waiting: profile.requests.map(({ requestId, workerId, hostId, taskId, intent, offset, logMs, waitMs }) => ({
    requestId,
    workerId,
    hostId,
    taskId,
    intent,
    offset,
    leftMs: Math.max(0, logMs + waitMs - state.logMs),
  })),
  operatorRequest: profile.operatorRequest,
  dualUse: profile.dualUse,
  reappearedOffset: profile.reappearedOffset,
  unreadableOffset: profile.unreadableOffset,
  registration: profile.registration,
  next: nextAction(state, profile),
});

const whyOf = (stage: Stage): ProfileView['why'] => {
  switch (stage.kind) {
    case 'available':
      return { why: stage.why, ...(stage.taskId === null ? {} : { task: stage.taskId }) };
    case 'held':
    case 'retired':
      return {};
    case 'suspected-stale':
    case 'inspected':
      return { cause: stage.cause };
    case 'quarantined':
      return {
        cause: stage.cause,
        fences: stage.fenceTargets,
        confirmed: stage.confirmed,
        attempts: stage.attempts,
      };
    case 'resume-pending':
      return { task: stage.taskId, checkpoint: stage.checkpoint.name };
    case 'manual-review':
      return {
        rule: stage.rule,
        ...(stage.cause === null ? {} : { cause: stage.cause }),
        reasons: stage.reasons,
      };
  }
};

const evidenceOf = (stage: Stage): Evidence | null =>
  stage.kind === 'quarantined' ? stage.lastEvidence : 'evidence' in stage ? stage.evidence : null;

const holderView = (state: PartitionState, profile: ProfileState): HolderView | null => {
  const { lease, pulse } = profile;
  if (lease === null) return null;
  const { workerId, incarnation, hostId, taskId, intent, grantedOffset, leaseMs, token } = lease;
  const last = pulse?.lastReport ?? null;
  return {
    holds: isOwned(profile),
    token,
    workerId,
    incarnation,
    hostId,
    taskId,
    intent,
    grantedOffset,
    leaseMs,
    browser: pulse?.browser ?? null,
    lastReport: last === null ? null : { offset: last.offset, agoMs: state.logMs - last.logMs },
    silentInMs: holderSilentInMs(state, profile),
    lateReportCount: pulse?.lateReportCount ?? 0,
    refusedWriteCount: pulse?.refusedWriteCount ?? 0,
  };
};
