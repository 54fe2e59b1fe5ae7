import {
  authorityPays,
  beat,
  beating,
  checkpoint,
  deciderPays,
  detectorPays,
  elapse,
  given,
  granted,
  hostReported,
  inspected,
  looked,
  massSilence,
  now,
  quarantineRequested,
  releaseRequested,
  request,
  reviewResolved,
  silenced,
  stepStarted,
  suspected,
  withPolicy,
  workerStarted,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { rejectionOwed } from './index.ts';

const inReview: Move = [granted(), beat(), stepStarted('pay', 'sensitive'), inspected(), deciderPays];
const free: Move = [granted(), releaseRequested(), authorityPays];
const inspecting: Move = [inReview, granted('r2', { incarnation: 'i2', intent: 'inspect' })];

describe('an operator’s request', () => {
  it('is met by a quarantine where somebody may be on the profile, or may enter it', () => {
    given(granted())
      .when(quarantineRequested())
      .then({ authority: [{ type: 'Quarantined', cause: 'operator', round: 1 }] });
    given(free)
      .when(quarantineRequested())
      .then({ authority: [{ cause: 'operator' }] });
    given(granted(), beat(), checkpoint('cart'), inspected(), deciderPays)
      .when(quarantineRequested())
      .then({ stage: 'resume-pending', authority: [{ cause: 'operator', round: 2 }] });
  });
  it('needs nothing more where nobody may enter anyway', () => {
    given(granted(), silenced).when(quarantineRequested()).then({ authority: [] });
    given(granted(), inspected())
      .when(quarantineRequested())
      .then({ authority: [], decider: { rule: 'operator' } });
    given(inReview).when(quarantineRequested()).then({ authority: [] });
    given(
      inReview,
      now((log) => reviewResolved(log.nextOffset - 1, { outcome: 'retired' })),
    )
      .when(quarantineRequested())
      .then({ stage: 'retired', authority: [] });
  });
  it('that an inspection inherits does not end it; one during it does', () =>
    given(inReview, quarantineRequested(), granted('r2', { incarnation: 'i2', intent: 'inspect' })).then({
      stage: 'held',
      authority: [],
    }));
  it('during an inspection ends it', () =>
    given(inspecting)
      .when(quarantineRequested(2))
      .then({ authority: [{ cause: 'operator', token: 2 }] }));
});

describe('a dual use', () => {
  it('quarantines the new lease', () =>
    given(free, granted('r2', { incarnation: 'i2' }))
      .when(stepStarted('pay', 'side-effect'))
      .then({ authority: [{ type: 'Quarantined', cause: 'dual-use', token: 2, round: 1 }] }));
  it('ranks behind the operator', () =>
    given(free, granted('r2', { incarnation: 'i2' }))
      .when(stepStarted('pay', 'side-effect'), quarantineRequested(2))
      .then({ authority: [{ cause: 'operator' }] }));
  it('is no matter of the steps that an inspection inherits', () =>
    given(inspecting).then({ authority: [] }));
});

describe('a holder that reappears', () => {
  const recovered: Move = [granted(), inspected(), deciderPays];
  it('sends the free profile back into quarantine before anybody is let in', () =>
    given(recovered)
      .when(beat(), request('r2', { incarnation: 'i2' }))
      .then({ authority: [{ cause: 'holder-reappeared', round: 2 }] }));
  it('while the profile is still being recovered is evidence, no cause', () =>
    given(granted(), silenced).when(beat()).then({ authority: [] }));
});

describe('a host that is back', () => {
  const unknown: Move = [
    granted(),
    beat(),
    silenced,
    elapse(30_000),
    looked({ browserAlive: 'unknown', workerAlive: 'unknown' }),
    deciderPays,
  ];
  it('opens the case again that waited for it', () =>
    given(unknown)
      .when(hostReported('up'))
      .then({ authority: [{ type: 'Quarantined', cause: 'host-restarted', round: 2 }] }));
  it('opens no case that waits for something else', () =>
    given(inReview).when(hostReported('up')).then({ authority: [] }));
  it('means the host of the lease', () =>
    given(unknown)
      .when(hostReported('up', { hostId: 'h9' }))
      .then({ authority: [] }));
  it('must be told after the evidence', () => given(hostReported('up'), unknown).then({ authority: [] }));
});

describe('a release', () => {
  it('in order ends the lease', () =>
    given(granted())
      .when(releaseRequested())
      .then({ authority: [{ type: 'LeaseReleased', token: 1, round: null }] }));
  it.each(['completed', 'failed', 'cancelled'] as const)('that says %s is in order', (outcome) => {
    given(granted())
      .when(releaseRequested({ outcome }))
      .then({ authority: [{ type: 'LeaseReleased' }] });
  });
  it.each(['unknown', 'UNKNOWN'] as const)('that says %s is not', (outcome) => {
    given(granted())
      .when(releaseRequested({ outcome }))
      .then({ authority: [{ type: 'Quarantined', cause: 'unsettled-step' }] });
  });
  it('with an open step is none', () =>
    given(granted(), stepStarted('pay', 'sensitive'))
      .when(releaseRequested())
      .then({ authority: [{ cause: 'unsettled-step' }] }));
  it('with more open steps than are kept is none', () =>
    given(granted(), ...Array.from({ length: 17 }, (_none, step) => stepStarted(`s${step}`, 'side-effect')))
      .when(releaseRequested())
      .then({ authority: [{ cause: 'unsettled-step' }] }));
  it('without a confirmed close is none', () =>
    given(granted())
      .when(releaseRequested({ browserClosed: 'unconfirmed' }))
      .then({ authority: [{ cause: 'unconfirmed-close' }] }));
  it('is paid in suspicion too', () =>
    given(granted(), elapse(45_000), detectorPays)
      .when(releaseRequested())
      .then({ authority: [{ type: 'LeaseReleased' }] }));
  it('of an inspection answers for its own steps only', () => {
    given(inspecting)
      .when(releaseRequested({ token: 2 }))
      .then({ authority: [{ type: 'LeaseReleased', round: 1 }] });
    given(inspecting, stepStarted('oops', 'side-effect', { token: 2 }))
      .when(releaseRequested({ token: 2 }))
      .then({ authority: [{ cause: 'unsettled-step' }] });
  });
});

describe('an open step on a free profile', () => {
  it('is quarantined before anybody is let in', () =>
    given(free, request('r2', { incarnation: 'i2' }))
      .when(stepStarted('pay', 'sensitive'))
      .then({ stage: 'available', authority: [{ cause: 'unsettled-step', round: 1 }] }));
  it('that only reads is not', () => given(free).when(stepStarted('look', 'read')).then({ authority: [] }));
});

describe('a suspicion', () => {
  it('is cleared by the heartbeat that healed it', () =>
    given(granted(), elapse(45_000), detectorPays)
      .when(beat())
      .then((log) => expect(log.profile().stage).toMatchObject({ healedBy: log.nextOffset - 1 }), {
        authority: [{ type: 'SuspicionCleared', token: 1 }],
      }));
  it('of silence becomes a quarantine when the lease has run out, not a tick earlier', () =>
    given(granted(), beat(), elapse(45_000), detectorPays, elapse(74_000))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ type: 'Quarantined', cause: 'heartbeat-stopped', round: 1 }] }));
  it('that came late gives the holder its full notice', () =>
    given(granted(), beat(), elapse(119_000), detectorPays, elapse(74_000))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ cause: 'heartbeat-stopped' }] }));
  it('of the browser is measured on its last answer, whatever else beats', () =>
    given(
      granted(),
      beat(),
      beating(60_000, beat('unreachable')),
      detectorPays,
      beating(59_000, beat('unreachable')),
    )
      .then({ stage: 'suspected-stale', authority: [] })
      .when(elapse(16_000))
      .then({ authority: [{ cause: 'browser-unreachable' }] }));
  it('of a browser that never came is measured from the suspicion', () =>
    given(granted(), beating(180_000, beat('starting')), detectorPays, beating(74_000, beat('starting')))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ cause: 'never-ready' }] }));
  it.each([
    ['worker-restarted', workerStarted('i2')],
    ['host-restarted', hostReported('dead')],
  ] as const)('that the %s is a quarantine at once', (cause, event) => {
    given(granted(), beat())
      .when(event, suspected(cause, null))
      .then({ authority: [{ type: 'Quarantined', cause }] });
  });
  it('waits while a mass silence holds; a restart does not', () => {
    given(granted(), elapse(45_000), detectorPays, massSilence(400_000), elapse(200_000))
      .then({ authority: [] })
      .when(elapse(155_000))
      .then({ authority: [{ cause: 'heartbeat-stopped' }] });
    given(granted(), massSilence(400_000), workerStarted('i2'))
      .when(suspected('worker-restarted', null))
      .then({ authority: [{ cause: 'worker-restarted' }] });
  });
});

describe('a request to stop', () => {
  it('comes when the run time is over', () =>
    given(granted(), beating(1_799_000, beat()))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ type: 'StopRequested', reason: 'runtime-exceeded', graceMs: 60_000 }] }));
  it('comes earlier where the request asked for less, never later than the cap', () => {
    given(granted('r1', { maxRuntimeMs: 5_000 }), elapse(5_000)).then({
      authority: [{ reason: 'runtime-exceeded' }],
    });
    given(withPolicy({ maxRuntimeCapMs: 7_000 }), granted('r1', { maxRuntimeMs: 50_000 })).then({
      profile: { lease: { maxRuntimeMs: 7_000 } },
    });
  });
  it('comes when the host is drained', () =>
    given(granted())
      .when(hostReported('draining'))
      .then({ authority: [{ type: 'StopRequested', reason: 'host-draining' }] }));
  it('is made once, and ignored at the cost of a quarantine', () =>
    given(granted(), hostReported('draining'), authorityPays, beating(59_000, beat()))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ cause: 'stop-ignored' }] }));
  it('that is heeded ends in a release', () =>
    given(granted(), hostReported('draining'), authorityPays)
      .when(releaseRequested({ outcome: 'cancelled' }))
      .then({ authority: [{ type: 'LeaseReleased' }] }));
});

describe('a task that waits for its worker', () => {
  const waiting: Move = [granted(), beat(), checkpoint('cart'), inspected(), deciderPays];
  it('goes to a person when the window is over', () =>
    given(waiting, elapse(1_799_000))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ type: 'ResumeExpired', round: 2 }] }));
  it('is resumed where its worker comes in time', () =>
    given(waiting)
      .when(request('r2', { incarnation: 'i2', intent: 'resume' }))
      .then({
        authority: [{ type: 'LeaseGranted', resumeFrom: { checkpoint: { name: 'cart', stored: 'server' } } }],
      }));
});

describe('the notice to a late holder', () => {
  const presented = (token: number): { type: string; token: number; offset: number } => ({
    type: 'Heartbeat',
    token,
    offset: 5,
  });
  it('goes to whoever reports under a token that is no longer valid', () => {
    expect(rejectionOwed(given(free).log.profile(), presented(1))).toMatchObject({
      presentedToken: 1,
      currentToken: 1,
    });
    const next = given(free, granted('r2', { incarnation: 'i2' })).log.profile();
    expect(rejectionOwed(next, presented(1))).toMatchObject({ type: 'StaleTokenRejected', currentToken: 2 });
  });
  it('does not go to the holder', () =>
    expect(rejectionOwed(given(granted()).log.profile(), presented(1))).toBeNull());
  it('does not go to somebody with a token from nowhere', () => {
    expect(rejectionOwed(given(free).log.profile(), presented(9))).toBeNull();
    expect(rejectionOwed(given(request('r1')).log.profile(), presented(1))).toBeNull();
  });
});
