import {
  authorityPays,
  beat,
  checkpoint,
  deciderPays,
  elapse,
  granted,
  inReview,
  inspected,
  logOf,
  now,
  quarantineRequested,
  reviewResolved,
  stepStarted,
  withPolicy,
} from '@profile-warden/testkit/spec';
import type { Move, PartitionLog } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { quarantineRefusal, resolutionRefusals, type Resolution } from './refusal.ts';

const resolution = (change: Partial<Resolution> = {}): Resolution => ({
  profileId: 'p1',
  token: 1,
  round: 1,
  outcome: 'available',
  verdicts: [{ stepId: 'pay', verdict: 'not-applied' }],
  checkpoint: null,
  basedOn: null,
  ...change,
});

const codes = (log: PartitionLog, change: Partial<Resolution> = {}): string[] =>
  resolutionRefusals(log.state, resolution(change)).map(({ code }) => code);

const message = (log: PartitionLog, change: Partial<Resolution> = {}): string =>
  resolutionRefusals(log.state, resolution(change))[0]?.message ?? '';

describe('a resolution', () => {
  it('with the present token, round and every verdict is refused by nothing, and the fold takes it', () => {
    const log = inReview();
    expect(log.profile().stage.kind).toBe('manual-review');
    expect(codes(log)).toEqual([]);
    const { verdicts } = resolution();
    expect(log.append(reviewResolved(log.nextOffset - 1, { verdicts }))).toBe('applied');
    expect(log.profile().stage.kind).toBe('available');
  });

  it('of another token, round or profile is stale, whatever else is wrong with it', () => {
    const log = inReview();
    expect(codes(log, { token: 2, verdicts: [] })).toEqual(['stale-token']);
    expect(message(log, { token: 2 })).toContain('token 2 was judged, token 1 is current');
    expect(codes(log, { round: 2 })).toEqual(['other-round']);
    expect(codes(log, { profileId: 'p9' })).toEqual(['unknown-profile']);
  });

  it('is refused where nobody waits for a person', () => {
    const log = logOf(granted(), beat());
    expect(codes(log)).toEqual(['not-in-review']);
    expect(message(log)).toContain('held with token 1');
  });

  it('that was looked at before the present stage, or not yet, is a stale view', () => {
    const log = inReview();
    const { offset } = log.profile().since;
    expect(codes(log, { basedOn: offset - 1 })).toEqual(['stale-view']);
    expect(codes(log, { basedOn: log.nextOffset })).toEqual(['stale-view']);
    expect(codes(log, { basedOn: offset })).toEqual([]);
  });

  it('of a case that a colleague has retired meanwhile does not undo it', () => {
    const log = inReview();
    const seen = log.nextOffset - 1;
    log.append(reviewResolved(seen, { outcome: 'retired' }));
    expect(codes(log, { basedOn: seen })).toEqual(['stale-view']);
    expect(codes(log, { outcome: 'retired' })).toEqual(['already-retired']);
    expect(codes(log)).toEqual([]);
  });

  it('names every open step without a verdict, and every verdict without a step', () => {
    const log = inReview();
    expect(codes(log, { verdicts: [] })).toEqual(['verdict-missing']);
    expect(message(log, { verdicts: [] })).toContain('pay (pay the order, sensitive)');
    expect(codes(log, { verdicts: [{ stepId: 'pya', verdict: 'applied' }] })).toEqual([
      'verdict-missing',
      'unknown-step',
    ]);
  });

  it('waits until the holder that spoke again has been silent for its lease, and says for how long', () => {
    const log = inReview();
    const seen = log.nextOffset - 1;
    log.append(beat());
    expect(codes(log, { basedOn: seen })).toEqual(['holder-reported', 'holder-recent']);
    expect(codes(log)).toEqual(['holder-recent']);
    log.elapse(20_000);
    expect(message(log)).toContain(`${log.policy.leaseMs - 20_000} ms of log time remain`);
    expect(codes(log, { outcome: 'retired' })).toEqual([]);
    log.elapse(log.policy.leaseMs);
    expect(codes(log)).toEqual([]);
  });

  it('for a resume names the checkpoint', () => {
    const log = inReview();
    expect(codes(log, { outcome: 'resume-pending' })).toEqual(['no-checkpoint']);
    expect(codes(log, { outcome: 'resume-pending', checkpoint: 'cart' })).toEqual([]);
  });

  describe('that resumes from a checkpoint of the log', () => {
    const paid = { outcome: 'resume-pending', verdicts: [{ stepId: 'pay', verdict: 'applied' }] } as const;
    const behindCart = (...steps: readonly Move[]): Move => [
      granted(),
      beat(),
      checkpoint('cart'),
      ...steps,
      inspected(),
      deciderPays,
    ];

    it('is refused where a step behind it has taken effect, and says what to do', () => {
      const log = logOf(behindCart(stepStarted('pay', 'sensitive')));
      expect(codes(log, { ...paid, checkpoint: 'cart' })).toEqual(['applied-behind-checkpoint']);
      expect(message(log, { ...paid, checkpoint: 'cart' })).toMatch(
        /checkpoint cart .*: pay \(offset \d+\)\. Name a new checkpoint.* --outcome available or retired/,
      );
      expect(codes(log, { ...paid, outcome: 'available' })).toEqual([]);
    });

    it('is not where nothing has, or the checkpoint is a new one or came behind the step', () => {
      const log = logOf(behindCart(stepStarted('pay', 'sensitive')));
      expect(codes(log, { outcome: 'resume-pending', checkpoint: 'cart' })).toEqual([]);
      expect(codes(log, { ...paid, checkpoint: 'paid' })).toEqual([]);
      const later = logOf(behindCart(stepStarted('pay', 'sensitive'), checkpoint('receipt')));
      expect(codes(later, { ...paid, checkpoint: 'receipt' })).toEqual([]);
    });

    it('counts a step in flight that the policy alone calls sensitive, and asks for no verdict on it', () => {
      const log = logOf(
        withPolicy({ sensitiveSteps: ['pay'] }),
        behindCart(stepStarted('pay', 'reversible')),
      );
      expect(log.profile().stage.kind).toBe('manual-review');
      expect(codes(log, { ...paid, checkpoint: 'cart' })).toEqual(['applied-behind-checkpoint']);
      expect(codes(log, { ...paid, verdicts: [], checkpoint: 'cart' })).toEqual([]);
    });

    it('goes on from the new one, and does so again after the next crash', () => {
      const { outcome, verdicts } = paid;
      const log = logOf(
        behindCart(stepStarted('pay', 'sensitive')),
        now(({ nextOffset }) => reviewResolved(nextOffset - 1, { outcome, verdicts, checkpoint: 'paid' })),
        granted('r2', { incarnation: 'i2', intent: 'resume' }),
        beat('reachable', { token: 2, incarnation: 'i2' }),
        inspected(),
        deciderPays,
      );
      expect(log.profile().stage).toMatchObject({ kind: 'resume-pending', checkpoint: { name: 'paid' } });
    });
  });
});

describe('a request for quarantine', () => {
  const refusal = (log: PartitionLog, token = 1): string | undefined =>
    quarantineRefusal(log.state, { profileId: 'p1', token })?.code;

  it('is refused for a profile that never had a lease', () => {
    expect(refusal(logOf(elapse(1_000)))).toBe('never-leased');
  });

  it('is refused with a token that is no longer current, and with one that never was', () => {
    const log = logOf(granted());
    expect(refusal(log, 2)).toBe('stale-token');
    expect(refusal(log)).toBeUndefined();
  });

  it('is refused while another one is open', () => {
    const log = logOf(granted(), quarantineRequested(1), authorityPays);
    expect(log.profile().stage.kind).toBe('quarantined');
    expect(refusal(log)).toBe('already-requested');
  });
});
