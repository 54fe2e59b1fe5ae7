import { elapse, given, granted, logOf, request } from '@profile-warden/testkit/spec';
import { WALK_POLICY, checkDeadlines, walkedLog } from '@profile-warden/testkit/walk';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  DEFAULT_POLICY,
  authorityDeadline,
  collectorDeadline,
  detectorDeadline,
  emptyPartition,
  evolve,
  owedByAuthority,
} from './index.ts';

describe('a deadline', { timeout: 60_000 }, () => {
  it('comes before anything that time alone makes owed, at any place of any log', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 1_000_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (seed, at) => {
          const records = walkedLog(seed, 220);
          const state = emptyPartition(0);
          for (const record of records.slice(0, Math.ceil(at * records.length))) evolve(state, record);
          for (const profile of state.profiles.values())
            for (const policy of [WALK_POLICY, DEFAULT_POLICY]) checkDeadlines({ state, profile, policy });
        },
      ),
      { numRuns: 200 },
    );
  });

  it('is kept: what it promises is owed once its time has come', () => {
    const { log } = given(granted(), request('r2', { incarnation: 'i2', waitMs: 10_000 }));
    expect(authorityDeadline(log.caseOf())).toBe(10_000);
    log.elapse(10_000);
    expect(owedByAuthority(log.caseOf())).toHaveLength(1);
    expect(detectorDeadline(log.caseOf())).toBe(45_000);
  });

  it('is none where only a record can make something owed', () => {
    const { log } = given(request('r1'));
    log.payAuthority();
    expect(authorityDeadline(logOf(granted('r1', { maxRuntimeMs: 5_000 })).caseOf())).toBe(5_000);
    expect(collectorDeadline(log.caseOf())).toBeNull();
    expect(
      detectorDeadline(
        logOf({ type: 'undecodable', claimedType: 'Heartbeat', detail: '' }, elapse(0)).caseOf(),
      ),
    ).toBeNull();
  });
});
