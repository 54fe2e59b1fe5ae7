import type { RecordedTargetChange } from '@profile-warden/postgres';
import { beat, fenceConfirmed, granted, logOf, silenced, withPolicy } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { confirmationBy, retirementRefusal, vouchedFor, waitingFor } from './retirement.ts';

const change = (what: RecordedTargetChange['what']): RecordedTargetChange => ({
  target: 'old',
  address: 'db-1:5432/accounts',
  what,
  at: new Date(1_700_000_000_000),
  byWhom: 'olga',
  projector: 'projector-1',
  reason: null,
});

describe('a target that somebody wants to retire', () => {
  it('must be known', () => {
    expect(retirementRefusal('old', { newest: undefined, servedBy: [] })?.code).toBe('target-unknown');
  });

  it.each(['added', 'moved'] as const)('must not be in the list: %s', (what) => {
    const refusal = retirementRefusal('old', { newest: change(what), servedBy: [] });
    expect(refusal?.code).toBe('target-served');
    expect(refusal?.message).toMatch(/Take it out of WARDEN_FENCE_TARGETS/);
  });

  it('must not be served by a projector that was not started again yet', () => {
    const refusal = retirementRefusal('old', { newest: change('removed'), servedBy: ['projector-2'] });
    expect(refusal?.code).toBe('target-served');
    expect(refusal?.message).toContain('projector-2');
  });

  it.each(['removed', 'retired'] as const)('may be retired where it is %s', (what) => {
    expect(retirementRefusal('old', { newest: change(what), servedBy: [] })).toBeNull();
  });

  it('is named with its address in what the person vouches for', () => {
    expect(vouchedFor('old', 'db-1:5432/accounts').join(' ')).toMatch(
      /nothing can be committed any more at db-1:5432\/accounts under the tokens/,
    );
  });
});

describe('a case that waits for it', () => {
  const quarantined = logOf(withPolicy({ fenceTargets: ['old', 'main'] }), granted(), beat(), silenced);
  const [waiting] = waitingFor(quarantined.state, 'old');

  it('is found, with what it also waits for', () => {
    expect(waiting).toMatchObject({ profileId: 'p1', token: 1, round: 1, alsoWaitsFor: ['main'] });
    expect(waitingFor(quarantined.state, 'another')).toEqual([]);
  });

  it('goes on once a person has confirmed it, and is found no more', () => {
    const log = logOf(
      withPolicy({ fenceTargets: ['old', 'main'] }),
      granted(),
      beat(),
      silenced,
      fenceConfirmed('main'),
    );
    for (const one of waitingFor(log.state, 'old'))
      expect(log.append(confirmationBy('olga', 'old', one))).toBe('applied');
    expect(waitingFor(log.state, 'old')).toEqual([]);
    expect(log.profile().stage).toMatchObject({ kind: 'quarantined', fencedLogMs: log.state.logMs });
  });

  it('says who spoke for the database, within the bound of the field', () => {
    if (waiting === undefined) throw new Error('nothing waits');
    expect(confirmationBy('olga', 'old', waiting)).toMatchObject({
      target: 'old',
      token: 1,
      databaseIncarnation: 'retired by olga',
    });
    expect(confirmationBy('o'.repeat(128), 'old', waiting).databaseIncarnation).toHaveLength(128);
  });
});
