import type { DecisionOutcome, EventOf } from '@profile-warden/events';
import { safeCheckpoint } from './checkpoint.ts';
import { isSensitive } from './history.ts';
import { holderVerdict } from './holder.ts';
import { mayNamedBeDone, namedInFlight } from './named-step.ts';
import type { Case } from './owed.ts';
import type { Evidence, OpenStep, ProfileState } from './state.ts';

type Freed = Exclude<DecisionOutcome, 'UNKNOWN'>;

/** What a rule concludes: the facts it rests on, and for a resume the checkpoint. */
interface Finding {
  readonly outcome: Freed;
  readonly reasons: readonly string[];
  readonly checkpointOffset?: number;
}

interface Judged extends Case {
  readonly evidence: Evidence;
  readonly fromRetired: boolean;
}

export interface Rule {
  /** Part of the API: recorded in the log. */
  readonly id: string;
  readonly judge: (one: Judged) => Finding | null;
}

const review = (...reasons: readonly (string | null)[]): Finding => ({
  outcome: 'manual-review',
  reasons: reasons.filter((reason) => reason !== null),
});

const when = (holds: boolean, ...reasons: readonly (string | null)[]): Finding | null =>
  holds ? review(...reasons) : null;

const open = (steps: readonly OpenStep[]): string =>
  `open: ${steps.map((step) => `${step.name} (${step.kind})`).join(', ')}`.slice(0, 512);

/** The decision table: the first rule that matches decides. */
export const RULES: readonly Rule[] = [
  {
    id: 'inspect',
    judge: ({ profile }) => when(profile.lease?.intent === 'inspect', 'the lease was an inspection'),
  },
  {
    id: 'operator',
    judge: ({ profile, policy, fromRetired }) => {
      const { operatorRequest, dualUse } = profile;
      if (operatorRequest !== null)
        return review(`stopped by ${operatorRequest.operator}: ${operatorRequest.reason}`.slice(0, 512));
      if (dualUse !== null)
        return review(`token ${dualUse.token} acted on step ${dualUse.stepId} after its lease`);
      if (fromRetired) return review('the profile was retired');
      return when(policy.mode === 'operator-only', 'the policy leaves every recovery to a person');
    },
  },
  {
    id: 'never-started',
    judge: ({ state, profile }) => {
      const { lease, pulse, history } = profile;
      if (lease === null || pulse?.lastReport !== null || isUnreadable(profile)) return null;
      if (state.logMs < lease.grantedLogMs + lease.leaseMs) return null;
      const reason = 'no report was ever made under this token';
      const inherited = lease.resumed ? history.checkpoints[0] : undefined;
      return inherited === undefined
        ? { outcome: 'available', reasons: [reason] }
        : {
            outcome: 'resume-pending',
            reasons: [reason, `checkpoint ${inherited.name} stands`],
            checkpointOffset: inherited.offset,
          };
    },
  },
  {
    id: 'holder-unknown',
    judge: (one) =>
      when(
        holderVerdict(one.state, one.profile, one.evidence) === 'unknown',
        how(one, 'workerAlive'),
        how(one, 'browserAlive'),
        how(one, 'sameBoot'),
      ),
  },
  {
    id: 'holder-alive',
    judge: (one) =>
      when(
        holderVerdict(one.state, one.profile, one.evidence) === 'alive',
        lateReport(one),
        how(one, 'workerAlive'),
        how(one, 'browserAlive'),
        how(one, 'sameBoot'),
      ),
  },
  {
    id: 'dual-writer',
    judge: (one) => {
      const { secondRoot, changedBetweenLooks } = one.evidence.findings;
      return when(
        secondRoot.value === 'yes' || changedBetweenLooks.value === 'yes',
        how(one, 'secondRoot'),
        how(one, 'changedBetweenLooks'),
      );
    },
  },
  {
    id: 'profile-corrupt',
    judge: (one) => {
      const checks = [
        'directoryPresent',
        'directorySame',
        'preferencesValid',
        'databasesSound',
        'cookiesKept',
      ] as const;
      const failed = checks.filter((check) => one.evidence.findings[check].value === 'no');
      return when(failed.length > 0, ...failed.map((check) => how(one, check)));
    },
  },
  {
    id: 'sensitive-open',
    judge: ({ profile, policy }) => {
      const { openSteps, openOverflow } = profile.history;
      const named = namedInFlight(profile, policy);
      const sensitive = openSteps.some(
        (step) => isSensitive(step.kind) || policy.sensitiveSteps.includes(step.name),
      );
      return when(sensitive || openOverflow || named.length > 0, open([...openSteps, ...named]));
    },
  },
  {
    id: 'side-effect-open',
    judge: ({ profile }) =>
      when(
        profile.history.openSteps.some((step) => !step.repeatable),
        open(profile.history.openSteps),
      ),
  },
  {
    id: 'proxy-mismatch',
    judge: ({ profile }) => {
      const used = profile.history.lastStep?.proxyId ?? null;
      const leased = profile.lease?.request?.proxyId ?? null;
      return when(
        used !== null && used !== leased,
        `last step used ${used ?? ''}, the lease ${leased ?? 'none'}`,
      );
    },
  },
  {
    id: 'crash-loop',
    judge: ({ profile, policy }) => {
      const count = profile.recoveries?.count ?? 0;
      return when(
        count > policy.maxRecoveriesPerTask,
        `recovery ${count} of the task, at most ${policy.maxRecoveriesPerTask} are automatic`,
      );
    },
  },
  {
    id: 'finished',
    judge: ({ profile }) => {
      const release = profile.pulse?.release ?? null;
      const released =
        release?.outcome === 'completed' && release.closed && profile.history.openSteps.length === 0;
      if (isUnreadable(profile) || !(profile.history.finalDone || released)) return null;
      const reason = profile.history.finalDone
        ? 'the final step completed'
        : 'released in order, nothing open';
      return { outcome: 'available', reasons: [reason, 'the task is done and must not be started again'] };
    },
  },
  {
    id: 'never-touched',
    judge: ({ profile }) => {
      const { pulse, lease } = profile;
      const touched = pulse?.reachable != null || pulse?.stepSeen === true || lease?.resumed === true;
      return touched || isUnreadable(profile)
        ? null
        : { outcome: 'available', reasons: ['the browser never answered and no step was begun'] };
    },
  },
  {
    id: 'safe-checkpoint',
    judge: ({ profile, policy }) => {
      const checkpoint = isUnreadable(profile) ? null : safeCheckpoint(profile, policy);
      return checkpoint === null
        ? null
        : {
            outcome: 'resume-pending',
            reasons: [
              `checkpoint ${checkpoint.name} on the ${checkpoint.stored}, nothing behind it forbids a repeat`,
            ],
            checkpointOffset: checkpoint.offset,
          };
    },
  },
  {
    id: 'restartable',
    judge: ({ profile, policy }) => {
      const { readOnly, anyStep, unsafeOffset } = profile.history;
      if (isUnreadable(profile) || mayNamedBeDone(profile, policy)) return null;
      if (readOnly) return { outcome: 'retry', reasons: ['the task declared that it changes nothing'] };
      return anyStep && unsafeOffset === null
        ? { outcome: 'retry', reasons: ['every step of the task may be done again'] }
        : null;
    },
  },
  {
    id: 'unreported-activity',
    judge: ({ profile }) =>
      when(
        profile.pulse?.reachable != null && !profile.history.anyStep,
        'the browser was in use but no step was reported',
      ),
  },
  { id: 'ambiguous', judge: () => review('no rule says that the profile may be handed on') },
];

/** A record of this lease could not be read: nothing may be concluded from what the others say. */
const isUnreadable = ({ unreadableOffset, lease }: ProfileState): boolean =>
  unreadableOffset !== null && unreadableOffset > (lease?.grantedOffset ?? -1);

type FindingName =
  | 'workerAlive'
  | 'browserAlive'
  | 'sameBoot'
  | 'secondRoot'
  | 'changedBetweenLooks'
  | 'directoryPresent'
  | 'directorySame'
  | 'preferencesValid'
  | 'databasesSound'
  | 'cookiesKept';

const how = ({ evidence }: Judged, name: FindingName): string => {
  const finding = evidence.findings[name];
  return `${name}: ${finding.value} (${finding.how})`.slice(0, 512);
};

/**
 * The last word of the holder, where it came behind the evidence or under a fence; null where it says nothing. Without
 * offsets: the exhaustive search takes logs for the same that differ only in these, and the timeline shows them.
 */
const lateReport = ({ profile, evidence }: Judged): string | null => {
  const { pulse, fencedOffset } = profile;
  const last = pulse?.lastReport ?? null;
  if (last === null) return null;
  if (last.offset > evidence.basedOn) return 'the holder reported behind the evidence';
  return fencedOffset !== null && !last.closed && last.offset > fencedOffset
    ? 'the holder reported behind its fence'
    : null;
};

/** What the recovery-decider owes a profile: the one decision of an inspected round. */
export const owedByDecider = (one: Case): EventOf<'Decided'> | null => {
  const { profile, policy } = one;
  const { stage, token, round } = profile;
  if (stage.kind !== 'inspected') return null;
  const judged: Judged = { ...one, evidence: stage.evidence, fromRetired: stage.fromRetired };
  for (const rule of RULES) {
    const finding = rule.judge(judged);
    if (finding === null) continue;
    return {
      type: 'Decided',
      token,
      round,
      basedOn: stage.evidence.basedOn,
      outcome: finding.outcome,
      checkpointOffset: finding.checkpointOffset ?? null,
      rule: rule.id,
      reasons: finding.reasons.slice(0, 16),
      policyVersion: policy.version,
    };
  }
  throw new Error('the last rule matches always');
};
