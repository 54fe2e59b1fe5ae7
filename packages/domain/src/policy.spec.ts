import { describe, expect, it } from 'vitest';
import { DEFAULT_POLICY, policyFor, policyProblems, type Policy } from './index.ts';

const problems = (change: Partial<Policy>): readonly string[] =>
  policyProblems({ ...DEFAULT_POLICY, ...change });

describe('a policy', () => {
  it('of production is in order', () => expect(policyProblems(DEFAULT_POLICY)).toEqual([]));
  it('scaled down is in order as long as its inequalities hold', () =>
    expect(
      problems({
        tickEveryMs: 100,
        heartbeatEveryMs: 200,
        suspectAfterMs: 600,
        killMs: 300,
        marginMs: 700,
        settleMs: 300,
        leaseMs: 2_000,
        massSilence: { ...DEFAULT_POLICY.massSilence, windowMs: 200 },
      }),
    ).toEqual([]));

  it.each<[string, Partial<Policy>, Partial<Policy>]>([
    ['3 × heartbeatEveryMs ≤ suspectAfterMs', { heartbeatEveryMs: 15_001 }, { heartbeatEveryMs: 15_000 }],
    ['suspectAfterMs < leaseMs', { leaseMs: 45_000 }, { leaseMs: 115_000 }],
    ['marginMs ≥ 4 × tickEveryMs + killMs', { marginMs: 23_999 }, { marginMs: 24_000 }],
    ['settleMs ≥ killMs', { settleMs: 19_999 }, { settleMs: 20_000 }],
    ['leaseMs − marginMs ≥ 2 × suspectAfterMs', { leaseMs: 114_999 }, { leaseMs: 115_000 }],
    ['maxRuntimeMs ≤ maxRuntimeCapMs', { maxRuntimeCapMs: 1_799_999 }, { maxRuntimeCapMs: 1_800_000 }],
    [
      'massSilence.windowMs < suspectAfterMs',
      { massSilence: { ...DEFAULT_POLICY.massSilence, windowMs: 45_000 } },
      { massSilence: { ...DEFAULT_POLICY.massSilence, windowMs: 44_999 } },
    ],
  ])('must keep %s', (rule, bad, good) => {
    expect(problems(bad).some((problem) => problem.startsWith(rule))).toBe(true);
    expect(problems(good)).toEqual([]);
  });

  it.each([0, -1, 1.5, Number.NaN, Infinity, 2 ** 53, '1000' as unknown as number])(
    'has no duration of %s',
    (tickEveryMs) => {
      expect(problems({ tickEveryMs })[0]).toMatch(/^tickEveryMs must be a whole number from 1/);
    },
  );
  it.each<[string, Partial<Policy>]>([
    ['evidenceAttempts', { evidenceAttempts: 0 }],
    ['maxRecoveriesPerTask', { maxRecoveriesPerTask: -1 }],
    ['maxWaiters', { maxWaiters: 1_001 }],
    ['checkpointSettleMs', { checkpointSettleMs: -1 }],
    ['massSilence.fraction', { massSilence: { ...DEFAULT_POLICY.massSilence, fraction: 0 } }],
    ['massSilence.fraction', { massSilence: { ...DEFAULT_POLICY.massSilence, fraction: Number.NaN } }],
    ['massSilence.minLeases', { massSilence: { ...DEFAULT_POLICY.massSilence, minLeases: 0 } }],
    ['mode', { mode: 'manual' as 'auto' }],
    ['fenceTargets', { fenceTargets: Array.from({ length: 17 }, (_none, target) => `t${target}`) }],
  ])('names what is wrong with %s', (name, change) => {
    expect(problems(change).some((problem) => problem.startsWith(name))).toBe(true);
  });

  it('is checked with each override in place, naming the label', () => {
    const found = problems({ overrides: { slow: { heartbeatEveryMs: 20_000 }, fine: { maxWaiters: 3 } } });
    expect(found).toHaveLength(1);
    expect(found[0]).toMatch(/^overrides\.slow: 3 × heartbeatEveryMs/);
  });
});

describe('the policy of a profile', () => {
  const policy: Policy = {
    ...DEFAULT_POLICY,
    overrides: { bank: { mode: 'operator-only', maxWaiters: 1 }, busy: { maxWaiters: 9 } },
  };
  it('is the common one without labels, or with labels that nobody knows', () => {
    expect(policyFor(policy, undefined)).toBe(policy);
    expect(policyFor(policy, [])).toBe(policy);
    expect(policyFor(policy, ['toString', 'unknown'])).toBe(policy);
  });
  it('takes the changes of its labels, the later ones over the earlier', () => {
    expect(policyFor(policy, ['bank', 'busy'])).toMatchObject({ mode: 'operator-only', maxWaiters: 9 });
    expect(policyFor(policy, ['busy', 'bank'])).toMatchObject({ mode: 'operator-only', maxWaiters: 1 });
  });
});
