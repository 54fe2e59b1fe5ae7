import {
  holderIsSilent,
  silentAtLogMs,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import { shellWord } from '../format/printable.ts';
import { utc } from '../format/time.ts';

/** One profile that a person must judge, or has taken out of service. */
export interface ReviewRow {
  readonly profileId: string;
  readonly partition: number;
  readonly stage: 'manual-review' | 'retired';
  readonly token: number;
  readonly round: number;
  readonly rule: string | null;
  readonly cause: string | null;
  readonly reasons: readonly string[];
  readonly sinceOffset: number;
  /** Broker time, epoch ms, for display only. */
  readonly sinceBrokerMs: number;
  /** The same, UTC. */
  readonly sinceAt: string;
  /** Log time spent in this stage. */
  readonly ageMs: number;
  readonly openSteps: readonly { readonly stepId: string; readonly name: string; readonly kind: string }[];
  readonly openOverflow: boolean;
  readonly holder: { readonly workerId: string; readonly hostId: string; readonly taskId: string } | null;
  /** Log time until the holder has been silent for its whole lease; only `retired` is effective before. */
  readonly holderSilentInMs: number;
  readonly foldedOffset: number;
  readonly command: string;
}

export const reviewRows = (state: PartitionState): ReviewRow[] =>
  [...state.profiles.values()]
    .filter(({ stage }) => stage.kind === 'manual-review' || stage.kind === 'retired')
    .map((profile) => reviewRow(state, profile));

/** Those that wait before those that are out of service; among them the longest waiting first. */
export const byUrgency = (left: ReviewRow, right: ReviewRow): number =>
  Number(left.stage === 'retired') - Number(right.stage === 'retired') ||
  left.sinceBrokerMs - right.sinceBrokerMs ||
  (left.profileId < right.profileId ? -1 : 1);

const reviewRow = (state: PartitionState, profile: ProfileState): ReviewRow => {
  const { stage, lease, history, since } = profile;
  const review = stage.kind === 'manual-review' ? stage : null;
  return {
    profileId: profile.profileId,
    partition: state.partition,
    stage: stage.kind === 'retired' ? 'retired' : 'manual-review',
    token: profile.token,
    round: profile.round,
    rule: review?.rule ?? null,
    cause: review?.cause ?? null,
    reasons: review?.reasons ?? [],
    sinceOffset: since.offset,
    sinceBrokerMs: since.brokerMs,
    sinceAt: utc(since.brokerMs),
    ageMs: state.logMs - since.logMs,
    openSteps: history.openSteps.map(({ stepId, name, kind }) => ({ stepId, name, kind })),
    openOverflow: history.openOverflow,
    holder: lease === null ? null : { workerId: lease.workerId, hostId: lease.hostId, taskId: lease.taskId },
    holderSilentInMs: holderSilentInMs(state, profile),
    foldedOffset: state.nextOffset - 1,
    command: resolveCommand(state, profile),
  };
};

export const holderSilentInMs = (state: PartitionState, profile: ProfileState): number =>
  profile.lease === null || holderIsSilent(profile, state.logMs)
    ? 0
    : silentAtLogMs(profile.lease, profile.pulse) - state.logMs;

/** Ready to run but for the words in capitals: the outcome, the verdicts and the reason are the person's. */
export const resolveCommand = (state: PartitionState, profile: ProfileState): string => {
  const verdicts = [...new Set(profile.history.openSteps.map(({ stepId }) => stepId))].map(
    (stepId) => ` --verdict ${shellWord(`${stepId}=VERDICT`)}`,
  );
  const options =
    `--token ${profile.token} --round ${profile.round} --based-on ${state.nextOffset - 1} ` +
    `--outcome OUTCOME${verdicts.join('')} --note 'WHY'`;
  const id = shellWord(profile.profileId);
  return profile.profileId.startsWith('-')
    ? `npm run warden -- review resolve ${options} -- ${id}`
    : `npm run warden -- review resolve ${id} ${options}`;
};
