import type { Violation } from '@profile-warden/domain';
import { isAuthorityEvent, type LogRecord } from '@profile-warden/events';
import { judge, type DumpSource, type Judgement } from '@profile-warden/testkit/dump';

/** What clients know, by request id: the log must know it too. */
export interface Heard {
  /** Requests whose append was acknowledged. */
  readonly asked: ReadonlySet<string>;
  /** Requests whose grant was read. */
  readonly granted: ReadonlySet<string>;
}

export interface LogAudit {
  readonly requests: number;
  /** Requests with an answer, or several. */
  readonly answered: number;
  readonly answeredTwice: number;
  /** Grants of a token that was granted before, with effect or without. */
  readonly doubleGrants: number;
  /** Acknowledged requests, and grants read by clients, that the log lacks. */
  readonly lost: number;
  /** Decisions of an authority that another one's barrier had ended. */
  readonly staleDecisions: number;
  readonly violations: readonly Violation[];
}

/** Reads the whole topic with Kafka's own consumer, which has nothing in common with ours, and counts what it finds. */
export const auditLog = async (source: DumpSource, heard: Heard): Promise<LogAudit> =>
  auditOf(await judge({ ...source, suspectAfterMs: 0 }), heard);

export const auditOf = (
  { records, violations }: Pick<Judgement, 'records' | 'violations'>,
  heard: Heard,
): LogAudit => {
  const answers = new Map<string, number>();
  const granted = new Set<string>();
  const grants = new Set<string>();
  let doubleGrants = 0;
  const take = ({ event, profileId }: LogRecord): void => {
    if (event.type === 'LeaseRequested') answers.set(event.requestId, answers.get(event.requestId) ?? 0);
    if (event.type === 'LeaseGranted' || event.type === 'LeaseDenied')
      answers.set(event.requestId, (answers.get(event.requestId) ?? 0) + 1);
    if (event.type !== 'LeaseGranted') return;
    granted.add(event.requestId);
    const grant = `${profileId ?? ''}/${event.token}`;
    if (grants.has(grant)) doubleGrants += 1;
    grants.add(grant);
  };
  let staleDecisions = 0;
  for (const partition of records.values()) {
    staleDecisions += staleDecisionsIn(partition);
    for (const record of partition) take(record);
  }
  const counts = [...answers.values()];
  const lackedBy = (known: ReadonlySet<string>, log: { has(id: string): boolean }): number =>
    [...known].filter((id) => !log.has(id)).length;
  return {
    requests: counts.length,
    answered: counts.filter((count) => count > 0).length,
    answeredTwice: counts.filter((count) => count > 1).length,
    doubleGrants,
    lost: lackedBy(heard.asked, answers) + lackedBy(heard.granted, granted),
    staleDecisions,
    violations,
  };
};

/** Whether every request has exactly one answer, and nothing was lost or doubled. */
export const isSound = (audit: LogAudit): boolean =>
  audit.answered === audit.requests &&
  audit.answeredTwice + audit.doubleGrants + audit.lost + audit.staleDecisions + audit.violations.length ===
    0;

const staleDecisionsIn = (records: readonly LogRecord[]): number => {
  let epoch = -1;
  let count = 0;
  for (const { event, offset } of records) {
    if (event.type === 'AuthorityEpochStarted') epoch = offset;
    else if (isAuthorityEvent(event.type) && 'epoch' in event && event.epoch !== epoch) count += 1;
  }
  return count;
};
