import {
  INVARIANT_IDS,
  PartitionAudit,
  canonicalState,
  emptyPartition,
  foldRecord,
  type InvariantId,
  type PartitionState,
  type Violation,
} from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { dumpTopic, type DumpSource } from './console-dump.ts';

export interface Judgement {
  readonly violations: readonly Violation[];
  /** How often each invariant had something to be held against. */
  readonly checked: Readonly<Record<InvariantId, number>>;
  readonly unansweredCount: number;
  readonly recordCount: number;
  /** Records that only a reader of uncommitted data sees. */
  readonly abortedCount: number;
  readonly states: ReadonlyMap<number, PartitionState>;
  readonly records: ReadonlyMap<number, readonly LogRecord[]>;
  /** By partition; equal hashes mean equal states. */
  readonly canonical: ReadonlyMap<number, string>;
}

export interface JudgementOptions extends DumpSource {
  readonly suspectAfterMs: number;
}

const foldAll = (partition: number, records: readonly LogRecord[], suspectAfterMs: number) => {
  const audit = new PartitionAudit({ partition, suspectAfterMs });
  const state = emptyPartition(partition);
  for (const record of records) audit.take(foldRecord(state, record));
  audit.finish(state);
  return { audit, state };
};

/** The log, read from outside by Kafka's own consumer, held against what a log can show of the invariants. */
export const judge = async (options: JudgementOptions): Promise<Judgement> => {
  const committed = await dumpTopic(options, 'read_committed');
  const all = await dumpTopic(options, 'read_uncommitted');
  const audits: PartitionAudit[] = [];
  const states = new Map<number, PartitionState>();
  for (const [partition, records] of committed) {
    const { audit, state } = foldAll(partition, records, options.suspectAfterMs);
    audits.push(audit);
    states.set(partition, state);
  }
  const sum = (count: (audit: PartitionAudit) => number): number =>
    audits.reduce((total, audit) => total + count(audit), 0);
  const recordCount = [...committed.values()].reduce((total, { length }) => total + length, 0);
  // The log grows between the two dumps: only what both have come past can be compared.
  const within = (partition: number, { offset }: LogRecord): boolean =>
    offset <= (committed.get(partition)?.at(-1)?.offset ?? -1);
  const sameRange = [...all].reduce(
    (total, [partition, records]) => total + records.filter((record) => within(partition, record)).length,
    0,
  );
  return {
    violations: audits.flatMap(({ violations }) => violations),
    checked: Object.fromEntries(
      INVARIANT_IDS.map((id) => [id, sum((audit) => audit.checkedCount(id))]),
    ) as Record<InvariantId, number>,
    unansweredCount: sum(({ unansweredCount }) => unansweredCount),
    recordCount,
    abortedCount: sameRange - recordCount,
    states,
    records: committed,
    canonical: new Map([...states].map(([partition, state]) => [partition, canonicalState(state)])),
  };
};
