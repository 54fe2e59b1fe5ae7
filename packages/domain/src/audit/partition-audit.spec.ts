import type { LogRecord, WardenEvent } from '@profile-warden/events';
import {
  authorityPays,
  beat,
  decided,
  evidence,
  granted,
  inReview,
  logOf,
  quarantineRequested,
  releaseRequested,
  request,
  reviewResolved,
  suspected,
  withPolicy,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { foldRecord } from '../folded-record.ts';
import { emptyPartition } from '../initial-state.ts';
import { PartitionAudit, type AuditedStep } from './partition-audit.ts';

const auditOf = (
  records: readonly LogRecord[],
  change: (step: AuditedStep) => AuditedStep = (step) => step,
) => {
  const audit = new PartitionAudit({ partition: 0, suspectAfterMs: 0 });
  const state = emptyPartition(0);
  for (const record of records) audit.take(change(foldRecord(state, record)));
  audit.finish(state);
  return audit;
};

/** The fold as it would be with a fault in it: what it should ignore takes effect. */
const credulous = (step: AuditedStep): AuditedStep => ({ ...step, folded: 'applied' });

const broken = (log: ReturnType<typeof logOf>, change = credulous): string[] => [
  ...new Set(auditOf(log.records, change).violations.map(({ invariant }) => invariant)),
];

const grantedAgain = (token: number, epoch: number, requestId = 'r1'): WardenEvent => ({
  type: 'LeaseGranted',
  epoch,
  token,
  requestId,
  holder: { workerId: 'w1', incarnation: 'i1', hostId: 'h1', taskId: 't1' },
  intent: 'fresh',
  leaseMs: 120_000,
  maxRuntimeMs: 1_000_000,
  resumeFrom: null,
});

describe('the audit of a partition', () => {
  it('finds nothing against a whole case, and has checked all of it', () => {
    const log = inReview(
      (one) =>
        one.append(reviewResolved(one.nextOffset - 1, { verdicts: [{ stepId: 'pay', verdict: 'applied' }] })),
      granted('r2', { incarnation: 'i2' }),
      releaseRequested({ token: 2 }),
      authorityPays,
    );
    expect(log.profile().stage).toMatchObject({ kind: 'available', why: 'released' });
    const audit = auditOf(log.records);
    expect(audit.violations).toEqual([]);
    for (const id of ['I1', 'I2', 'I3', 'I5', 'I6', 'I8', 'I9', 'I10', 'I15', 'I17'] as const)
      expect(audit.checkedCount(id), id).toBeGreaterThan(0);
  });

  it('finds nothing against a zombie authority that the fold ignored, and everything where it did not', () => {
    const log = logOf(granted());
    log.append(grantedAgain(2, log.state.epoch - 1));
    expect(auditOf(log.records).violations).toEqual([]);
    expect(broken(log)).toEqual(expect.arrayContaining(['I3', 'I5', 'I6']));
  });

  it('finds a token granted twice', () => {
    const log = logOf(granted(), releaseRequested(), authorityPays);
    log.append(grantedAgain(1, log.state.epoch));
    expect(broken(log)).toEqual(expect.arrayContaining(['I1', 'I2']));
  });

  it('finds an event of the current epoch that was ignored', () => {
    const log = logOf(granted());
    log.append(grantedAgain(1, log.state.epoch));
    expect(broken(log, (step) => step)).toEqual(['I17']);
  });

  it('finds an answer to a request that nobody made', () => {
    const log = logOf();
    log.append(grantedAgain(1, log.state.epoch, 'never'));
    expect(auditOf(log.records).violations).toMatchObject([{ invariant: 'I6', profileId: 'p1' }]);
  });

  it('counts a request that waits as no violation', () => {
    const audit = auditOf(logOf(granted(), request('r2', { incarnation: 'i2', waitMs: 60_000 })).records);
    expect(audit.violations).toEqual([]);
    expect(audit.unansweredCount).toBe(1);
  });

  it('finds evidence before the fence, a second decision and a review of a profile that nobody judges', () => {
    const log = logOf(
      withPolicy({ fenceTargets: ['accounts'] }),
      granted(),
      quarantineRequested(1),
      authorityPays,
    );
    log.append(evidence(log.nextOffset - 1));
    expect(broken(log)).toEqual(['I9']);
    log.append(decided(1));
    log.append(decided(2));
    log.append(reviewResolved(log.nextOffset - 1));
    expect(broken(log)).toEqual(['I9', 'I8']);
  });

  it('finds a suspicion that cites another heartbeat, or claims more silence than there was', () => {
    const log = logOf(granted(), beat(), beat());
    log.append(suspected('heartbeat-stopped', log.nextOffset - 2, { silenceMs: 45_000 }));
    expect(broken(log)).toEqual(['I10']);
    expect(auditOf(log.records, credulous).violations).toHaveLength(2);
  });

  it('finds records that the fold did not account for', () => {
    const audit = new PartitionAudit({ partition: 0, suspectAfterMs: 0 });
    const state = emptyPartition(0);
    for (const record of logOf(granted()).records) audit.take(foldRecord(state, record));
    state.tally.applied -= 1;
    audit.finish(state);
    expect(audit.violations).toMatchObject([{ invariant: 'I15' }]);
  });
});
