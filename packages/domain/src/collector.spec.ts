import {
  authorityPays,
  beat,
  elapse,
  fenceConfirmed,
  given,
  granted,
  looked,
  on,
  quarantineRequested,
  releaseRequested,
  request,
  silenced,
  withPolicy,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { collectorDeadline, fenceRowOf, silentOnHost } from './index.ts';

const stopped: Move = [granted(), beat(), quarantineRequested(), authorityPays];

describe('the first look', () => {
  it('waits until things have settled', () =>
    given(granted(), beat(), silenced, elapse(29_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { token: 1, round: 1, attempt: 1, isLast: false, isOverdue: false } }));
  it('waits for the last fence, and settles from there', () =>
    given(withPolicy({ fenceTargets: ['accounts'] }), granted(), beat(), silenced, elapse(300_000))
      .then({ collector: null })
      .when(fenceConfirmed('accounts'), elapse(29_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { attempt: 1 } }));
  it('waits until a correct holder must have stopped', () =>
    given(stopped, elapse(119_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { attempt: 1 } }));
  it('does not wait for a holder that has closed its browser', () =>
    given(stopped, releaseRequested(), elapse(30_000)).then({ collector: { attempt: 1 } }));
  it('waits for a holder that goes on talking, but not longer than a lease', () =>
    given(stopped, elapse(60_000), beat(), elapse(59_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { attempt: 1 } }));
  it('is never taken before things have settled, however short the lease', () =>
    given(withPolicy({ settleMs: 200_000 }), stopped, elapse(190_000), beat(), elapse(9_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { attempt: 1 } }));
  it('is owed to nobody that is not quarantined', () => {
    given(granted(), elapse(500_000)).then({ collector: null });
    given(granted(), silenced, elapse(30_000), looked()).then({ stage: 'inspected', collector: null });
  });
});

describe('the next looks', () => {
  const once: Move = [granted(), beat(), silenced, elapse(30_000), looked({ browserAlive: 'yes' }, false)];
  it('follow at an interval', () =>
    given(once, elapse(14_000))
      .then({ collector: null })
      .when(elapse(1_000))
      .then({ collector: { attempt: 2, isLast: false } }));
  it('end with one that settles the round', () =>
    given(withPolicy({ evidenceAttempts: 2 }), once, elapse(15_000)).then({
      collector: { attempt: 2, isLast: true },
    }));
  it('are overdue when nobody has answered in time, of which two looks need the gap between them', () =>
    given(once, elapse(74_000))
      .then({ collector: { isOverdue: false } })
      .when(elapse(1_000))
      .then({ collector: { isOverdue: true } }));
  it('have a deadline, and one after it for being overdue', () => {
    const { log } = given(once);
    const due = collectorDeadline(log.caseOf());
    expect(due).toBe(log.state.logMs + 15_000);
    log.elapse(15_000);
    expect(collectorDeadline(log.caseOf())).toBe((due ?? 0) + 60_000);
  });
});

describe('silence on the same host', () => {
  it('counts the other leases there that have fallen silent lately', () => {
    const { log } = given(
      granted(),
      on('p2', request('r2', { incarnation: 'i2' })),
      on('p3', request('r3', { incarnation: 'i3', hostId: 'h2' })),
      (one) => one.payAuthority('p2'),
      (one) => one.payAuthority('p3'),
      elapse(45_000),
      (one) => {
        for (const profileId of ['p1', 'p2', 'p3']) one.payOnce(profileId);
      },
    );
    expect(silentOnHost(log.caseOf())).toBe(1);
    log.elapse(121_000);
    expect(silentOnHost(log.caseOf())).toBe(0);
  });
});

describe('the projector', () => {
  const fenced = withPolicy({ fenceTargets: ['accounts', 'orders'] });
  it('owes a confirmation per target of the quarantine', () =>
    given(fenced, stopped)
      .then({ projector: ['accounts', 'orders'] })
      .when(fenceConfirmed('orders'))
      .then({ projector: ['accounts'] }));
  it('owes nothing where nothing is quarantined, or all is confirmed', () => {
    given(fenced, granted()).then({ projector: [] });
    given(fenced, stopped, fenceConfirmed('orders'), fenceConfirmed('accounts')).then({ projector: [] });
  });
  it('keeps a row per leased profile: valid while the lease runs, with the offset that made it so', () => {
    expect(fenceRowOf(given(request('r1')).log.profile())).toBeNull();
    const { log } = given(granted(), beat());
    const held = fenceRowOf(log.profile());
    expect(held).toEqual({
      profileId: 'p1',
      token: 1,
      valid: true,
      offset: log.profile().lease?.grantedOffset,
    });
    log.append(quarantineRequested());
    log.payAuthority();
    const revoked = fenceRowOf(log.profile());
    expect(revoked).toMatchObject({ token: 1, valid: false });
    expect(revoked?.offset).toBeGreaterThan(held?.offset ?? Infinity);
  });
});
