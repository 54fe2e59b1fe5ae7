import {
  hasReportedAfter,
  holderIsSilent,
  silentAtLogMs,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import type { StepVerdict } from '@profile-warden/events';
import type { OUTCOMES } from '../input.ts';
import { VERDICTS } from '../input.ts';

/** What the person wants, and the view that it rests on. */
export interface Resolution {
  readonly profileId: string;
  readonly token: number;
  readonly round: number;
  readonly outcome: (typeof OUTCOMES)[number];
  readonly verdicts: readonly StepVerdict[];
  readonly checkpoint: string | null;
  /** Last offset that the person has seen; null where it is all that is folded now. */
  readonly basedOn: number | null;
}

export interface Refusal {
  readonly code:
    | 'unknown-profile'
    | 'stale-token'
    | 'other-round'
    | 'not-in-review'
    | 'stale-view'
    | 'already-retired'
    | 'holder-reported'
    | 'holder-recent'
    | 'verdict-missing'
    | 'unknown-step'
    | 'no-checkpoint'
    | 'applied-behind-checkpoint'
    | 'no-task'
    | 'never-leased'
    | 'already-requested';
  readonly message: string;
}

export const basedOnOf = (state: PartitionState, resolution: Pick<Resolution, 'basedOn'>): number =>
  resolution.basedOn ?? state.nextOffset - 1;

/**
 * Why the fold would ignore the resolution as things stand, in words for the person who wrote it; empty where nothing
 * stands against it. A stale view is told alone: whatever else is wrong was judged on it.
 */
export const resolutionRefusals = (state: PartitionState, resolution: Resolution): readonly Refusal[] => {
  const profile = state.profiles.get(resolution.profileId);
  if (profile === undefined)
    return [
      {
        code: 'unknown-profile',
        message: `no record in partition ${state.partition} speaks of ${resolution.profileId}`,
      },
    ];
  const stale = staleView(state, profile, resolution);
  if (stale !== null) return [stale];
  if (resolution.outcome === 'retired')
    return profile.stage.kind === 'retired'
      ? [{ code: 'already-retired', message: `${profile.profileId} is retired since ${sinceOf(profile)}` }]
      : unknownSteps(profile, resolution);
  return [
    ...holderObjections(state, profile, basedOnOf(state, resolution)),
    ...missingVerdicts(profile, resolution),
    ...unknownSteps(profile, resolution),
    ...resumeObjections(profile, resolution),
  ];
};

const staleView = (
  state: PartitionState,
  profile: ProfileState,
  { token, round, basedOn }: Resolution,
): Refusal | null => {
  const { stage, since } = profile;
  const now = `${profile.profileId} is ${stage.kind} with token ${profile.token}, round ${profile.round}, since ${sinceOf(profile)}`;
  if (token !== profile.token)
    return {
      code: 'stale-token',
      message: `token ${token} was judged, token ${profile.token} is current: ${now}`,
    };
  if (stage.kind !== 'manual-review' && stage.kind !== 'retired')
    return { code: 'not-in-review', message: `nobody waits for a person: ${now}` };
  if (round !== profile.round)
    return {
      code: 'other-round',
      message: `round ${round} was judged, round ${profile.round} is current: ${now}`,
    };
  if (basedOn === null) return null;
  if (basedOn < since.offset)
    return { code: 'stale-view', message: `offset ${basedOn} was seen, but ${now}: look again` };
  return basedOn < state.nextOffset
    ? null
    : {
        code: 'stale-view',
        message: `offset ${basedOn} is not in the log yet: partition ${state.partition} ends at ${state.nextOffset - 1}`,
      };
};

const holderObjections = (state: PartitionState, profile: ProfileState, basedOn: number): Refusal[] => {
  const { lease, pulse, token } = profile;
  const objections: Refusal[] = [];
  if (hasReportedAfter(profile, basedOn))
    objections.push({
      code: 'holder-reported',
      message:
        `the holder of token ${token} reported at offset ${pulse?.lastReport?.offset ?? 0}, after offset ` +
        `${basedOn} that this is based on: look again`,
    });
  if (lease !== null && !holderIsSilent(profile, state.logMs))
    objections.push({
      code: 'holder-recent',
      message:
        `the holder may still believe in its lease: ${silentAtLogMs(lease, pulse) - state.logMs} ms of log time ` +
        `remain until it has been silent for ${lease.leaseMs} ms. Try again then, or retire the profile now`,
    });
  return objections;
};

const missingVerdicts = ({ history }: ProfileState, { verdicts }: Resolution): Refusal[] => {
  const missing = history.openSteps.filter(
    ({ stepId }) => !verdicts.some((verdict) => verdict.stepId === stepId),
  );
  if (missing.length === 0) return [];
  const names = missing.map(({ stepId, name, kind }) => `${stepId} (${name}, ${kind})`).join(', ');
  return [
    {
      code: 'verdict-missing',
      message: `say of each open step whether it took effect, --verdict STEP=${VERDICTS.join('|')}: ${names}`,
    },
  ];
};

const unknownSteps = ({ history }: ProfileState, { verdicts }: Resolution): Refusal[] => {
  const unknown = verdicts.filter(({ stepId }) => !unsettled(history).some((step) => step.stepId === stepId));
  return unknown.length === 0
    ? []
    : [
        {
          code: 'unknown-step',
          message: `no such step is open: ${unknown.map(({ stepId }) => stepId).join(', ')}`,
        },
      ];
};

/** Steps of which a person may say what became of them; of the open ones somebody must. */
const unsettled = ({
  openSteps,
  inFlight,
}: ProfileState['history']): ProfileState['history']['openSteps'] => [...openSteps, ...inFlight];

const resumeObjections = ({ history }: ProfileState, resolution: Resolution): Refusal[] => {
  const { outcome, checkpoint } = resolution;
  if (outcome !== 'resume-pending') return [];
  if (history.taskId === null)
    return [{ code: 'no-task', message: 'no task is known that could be resumed' }];
  if (checkpoint !== null) return appliedBehind(history, checkpoint, resolution.verdicts);
  const known = history.checkpoints.map(({ name }) => name);
  return [
    {
      code: 'no-checkpoint',
      message: `name the checkpoint to resume from, --checkpoint NAME; ${known.length === 0 ? 'the log knows none' : `the log knows ${known.join(', ')}`}`,
    },
  ];
};

/**
 * The fold keeps no verdict: a task that resumes from a checkpoint of the log before the step is told to do it again,
 * now and after each later crash.
 */
const appliedBehind = (
  history: ProfileState['history'],
  name: string,
  verdicts: readonly StepVerdict[],
): Refusal[] => {
  const checkpoint = history.checkpoints.findLast((known) => known.name === name);
  if (checkpoint === undefined) return [];
  const applied = unsettled(history).filter(
    ({ stepId, offset }) =>
      offset > checkpoint.offset &&
      verdicts.some((one) => one.stepId === stepId && one.verdict === 'applied'),
  );
  if (applied.length === 0) return [];
  const steps = applied.map(({ stepId, offset }) => `${stepId} (offset ${offset})`).join(', ');
  return [
    {
      code: 'applied-behind-checkpoint',
      message:
        `checkpoint ${name} (offset ${checkpoint.offset}) lies before what has taken effect, and a task resumed ` +
        `from there does it again: ${steps}. Name a new checkpoint, one that the log does not know and that you ` +
        'vouch the task can go on from, or choose --outcome available or retired',
    },
  ];
};

const sinceOf = ({ since }: ProfileState): string => `offset ${since.offset}`;

/** The same for an operator who wants the profile quarantined. */
export const quarantineRefusal = (
  state: PartitionState,
  request: { readonly profileId: string; readonly token: number },
): Refusal | null => {
  const profile = state.profiles.get(request.profileId);
  if (profile === undefined || profile.token === 0)
    return {
      code: 'never-leased',
      message: `${request.profileId} never had a lease: nothing can be revoked`,
    };
  if (request.token !== profile.token)
    return {
      code: 'stale-token',
      message:
        `token ${request.token} was shown, token ${profile.token} is current: ${profile.profileId} is ` +
        `${profile.stage.kind} since ${sinceOf(profile)}`,
    };
  const open = profile.operatorRequest;
  return open === null
    ? null
    : {
        code: 'already-requested',
        message: `${open.operator} asked for it at offset ${open.offset} (${open.reason}); a review ends it`,
      };
};
