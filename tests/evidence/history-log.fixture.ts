import { RULES, emptyPartition, evolve, owedByDecider, type Policy, type Rule } from '@profile-warden/domain';
import type { EventOf, Finding, LogRecord } from '@profile-warden/events';

type Judged = Parameters<Rule['judge']>[0];

/** A decision as it stands in the topic, with what the fold of the topic says of it. */
export interface ToldDecision {
  readonly profileId: string;
  readonly event: EventOf<'Decided'>;
  /** What the decision table makes of the log right before it; null where no decision was due. */
  readonly owed: EventOf<'Decided'> | null;
  /** Findings without which the rule would not have come to this outcome. */
  readonly usedFindings: readonly string[];
  /** The evidence that it rests on. */
  readonly findings: Readonly<Record<string, unknown>>;
}

const isFinding = (finding: unknown): finding is Finding =>
  typeof finding === 'object' && finding !== null && 'value' in finding;

/** Tried one by one: a finding was used if the rule says something else, or nothing, where only this one differs. */
const usedBy = (rule: Rule | undefined, judged: Judged): readonly string[] => {
  if (rule === undefined) return [];
  const { outcome } = rule.judge(judged) ?? {};
  const { findings } = judged.evidence;
  return Object.entries(findings)
    .filter((entry): entry is [string, Finding] => isFinding(entry[1]))
    .filter(([name, finding]) =>
      (['yes', 'no', 'unknown'] as const).some((value) => {
        const changed = { ...findings, [name]: { ...finding, value } };
        return (
          rule.judge({ ...judged, evidence: { ...judged.evidence, findings: changed } })?.outcome !== outcome
        );
      }),
    )
    .map(([name]) => name);
};

/** All decisions of a topic, in log order within a partition. */
export function decisionsOf(
  records: ReadonlyMap<number, readonly LogRecord[]>,
  policy: Policy,
): readonly ToldDecision[] {
  const told: ToldDecision[] = [];
  for (const [partition, inOrder] of records) {
    const state = emptyPartition(partition);
    for (const record of inOrder) {
      const { event, profileId } = record;
      if (event.type === 'Decided' && profileId !== null) {
        const profile = state.profiles.get(profileId);
        if (profile?.stage.kind !== 'inspected')
          told.push({ profileId, event, owed: null, usedFindings: [], findings: {} });
        else {
          const one = { state, profile, policy };
          const { evidence, fromRetired } = profile.stage;
          const rule = RULES.find(({ id }) => id === event.rule);
          const usedFindings = usedBy(rule, { ...one, evidence, fromRetired });
          told.push({
            profileId,
            event,
            owed: owedByDecider(one),
            usedFindings,
            findings: { ...evidence.findings },
          });
        }
      }
      evolve(state, record);
    }
  }
  return told;
}
