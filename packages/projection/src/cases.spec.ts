import { emptyPartition, evolve } from '@profile-warden/domain';
import type { CaseRow } from '@profile-warden/postgres';
import {
  authorityPays,
  elapse,
  evidence,
  everyonePays,
  granted,
  logOf,
  quarantineRequested,
  reviewResolved,
} from '@profile-warden/testkit/spec';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { caseChangeOf, caseKey, mergeCase } from './cases.ts';
import { TrackedProfiles } from './tracked-profiles.ts';

function casesOf({ records }: PartitionLog): CaseRow[] {
  const profiles: TrackedProfiles = new TrackedProfiles([], () => state.lastRecord?.offset ?? -1);
  const state = { ...emptyPartition(0), profiles };
  const cases = new Map<string, CaseRow>();
  for (const record of records) {
    evolve(state, record);
    const move = profiles.take().moves.get(record.offset);
    const change = move === undefined ? null : caseChangeOf(record, move);
    if (change !== null) cases.set(caseKey(change), mergeCase(cases.get(caseKey(change)), change));
  }
  return [...cases.values()];
}

const inReview = (): PartitionLog =>
  logOf(granted(), quarantineRequested(), authorityPays, elapse(200_000), everyonePays);

describe('a recovery case', () => {
  it('is none while nothing goes wrong', () => {
    expect(casesOf(logOf(granted()))).toEqual([]);
  });

  it('is opened by a quarantine', () => {
    const [opened] = casesOf(logOf(granted(), quarantineRequested(), authorityPays));
    expect(opened).toMatchObject({ token: 1, round: 1, cause: 'operator', evidence: null, decision: null });
  });

  it('gets the evidence that moved it, the decision and the review that ended it', () => {
    const log = inReview();
    log.append(reviewResolved(log.nextOffset - 1));
    const [only, ...others] = casesOf(log);
    expect(others).toEqual([]);
    expect(JSON.parse(only?.evidence ?? '')).toMatchObject({ complete: true, offset: only?.evidenceOffset });
    expect(JSON.parse(only?.decision ?? '')).toMatchObject({ rule: 'operator' });
    expect(JSON.parse(only?.resolved ?? '')).toMatchObject({ type: 'ReviewResolved' });
  });

  it('counts every look, the one included that settled nothing', () => {
    const log = logOf(granted(), quarantineRequested(), authorityPays, elapse(200_000));
    log.append(evidence(log.nextOffset - 1, { attempt: 1, complete: false }));
    expect(casesOf(log)).toMatchObject([{ attemptCount: 1 }]);
    log.append(evidence(log.nextOffset - 1, { attempt: 2 }));
    const [only] = casesOf(log);
    expect(only).toMatchObject({ attemptCount: 2, evidenceOffset: log.nextOffset - 1 });
  });

  it('takes no notice of a decision or a review that the fold ignored', () => {
    const log = inReview();
    const before = casesOf(log);
    log.append(reviewResolved(0));
    const decision = log.records.find(({ event }) => event.type === 'Decided');
    if (decision === undefined) throw new Error('no decision');
    log.append(decision.event);
    expect(casesOf(log)).toEqual(before);
  });
});
