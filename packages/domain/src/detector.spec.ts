import {
  beat,
  beating,
  elapse,
  given,
  granted,
  hostReported,
  massSilence,
  on,
  releaseRequested,
  request,
  silenceAnnounced,
  silenced,
  workerStarted,
  type Move,
  type PartitionLog,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { isForSilence, massSilenceOwed, type Policy } from './index.ts';

describe('a heartbeat that stopped', () => {
  it('is suspected at its time, citing the last one, and not a tick earlier', () => {
    const beaten = given(granted(), elapse(3_000), beat());
    const basedOn = beaten.log.nextOffset - 1;
    beaten
      .when(elapse(44_000))
      .then({ detector: null })
      .when(elapse(1_000))
      .then({ detector: { cause: 'heartbeat-stopped', basedOn, silenceMs: 45_000, token: 1 } });
  });
  it('before the first one is counted from the grant', () =>
    given(granted(), elapse(45_000)).then({ detector: { cause: 'heartbeat-stopped', basedOn: null } }));
  it('is none while it beats, whatever it says of its browser', () =>
    given(granted(), beat(), elapse(44_000), beat('starting'), elapse(15_000)).then({ detector: null }));
  it('after a release is no matter of the detector', () =>
    given(granted(), releaseRequested(), elapse(500_000)).then({ detector: null }));
  it('of a lease that has ended is no matter of the detector', () =>
    given(granted(), silenced).then({ detector: null }));
});

describe('an announced silence', () => {
  it('puts the suspicion off for as long as announced', () =>
    given(granted(), beat(), silenceAnnounced(80_000), elapse(79_000))
      .then({ detector: null })
      .when(elapse(1_000))
      .then({ detector: { cause: 'heartbeat-stopped' } }));
  it('is believed only as far as the worker’s own deadline allows', () =>
    given(granted(), beat(), silenceAnnounced(500_000), elapse(94_000))
      .then({ detector: null })
      .when(elapse(1_000))
      .then({ detector: { cause: 'heartbeat-stopped' } }));
  it('shorter than the usual patience shortens nothing', () =>
    given(granted(), beat(), silenceAnnounced(5_000), elapse(44_000)).then({ detector: null }));
});

describe('a browser', () => {
  it('is not suspected by the silence of its worker alone', () =>
    given(granted(), beat(), silenceAnnounced(95_000), elapse(90_000))
      .then({ detector: null })
      .when(beat('unreachable'))
      .then({ detector: { cause: 'browser-unreachable' } }));
  it('that does not answer any more is suspected although the worker beats', () =>
    given(granted(), beat(), beating(59_000, beat('unreachable')))
      .then({ detector: null })
      .when(elapse(1_000))
      .then({ detector: { cause: 'browser-unreachable', silenceMs: 60_000 } }));
  it('that never answered is suspected when its budget is spent', () =>
    given(granted(), beating(179_000, beat('starting')))
      .then({ detector: null })
      .when(elapse(1_000))
      .then({ detector: { cause: 'never-ready', basedOn: null } }));
  it('that answers in time is not', () =>
    given(granted(), beating(170_000, beat('starting')), beat(), elapse(30_000)).then({ detector: null }));
});

describe('a restart', () => {
  it('of the worker is suspected at once', () =>
    given(granted(), beat())
      .when(workerStarted('i2'))
      .then({ detector: { cause: 'worker-restarted', basedOn: null } }));
  it('told before the lease was asked for is none', () =>
    given(workerStarted('i0'), workerStarted('i1'), granted(), beat()).then({ detector: null }));
  it('of another worker, or told late by a former run, is none', () =>
    given(workerStarted('i0'), workerStarted('i1'), granted(), beat())
      .when(workerStarted('i5', { workerId: 'w5' }), workerStarted('i0'))
      .then({ detector: null }));
  it('of the host is suspected by another boot id or by its death', () => {
    given(granted(), beat())
      .when(hostReported('up', { bootId: 'b2' }))
      .then({ detector: { cause: 'host-restarted' } });
    given(granted(), beat())
      .when(hostReported('dead'))
      .then({ detector: { cause: 'host-restarted' } });
    given(granted(), beat())
      .when(workerStarted('i5', { workerId: 'w5', bootId: 'b2' }))
      .then({ detector: { cause: 'host-restarted' } });
  });
  it('is none where the boot is the one of the lease, or the host another', () =>
    given(granted(), beat())
      .when(
        hostReported('up', { bootId: 'b1' }),
        hostReported('dead', { hostId: 'h2' }),
        hostReported('draining'),
      )
      .then({ detector: null }));
  it('is suspected in a mass silence too', () =>
    given(granted(), massSilence(400_000), workerStarted('i2')).then({
      detector: { cause: 'worker-restarted' },
    }));
});

describe('a mass silence', () => {
  const lease = (profile: number): Move => [
    on(`q${profile}`, request(`rq${profile}`, { workerId: `wq${profile}`, incarnation: `iq${profile}` })),
    (log: PartitionLog) => log.payAuthority(`q${profile}`),
  ];
  const leases = (count: number): Move => Array.from({ length: count }, (_none, profile) => lease(profile));
  const beats = (count: number): Move =>
    Array.from({ length: count }, (_none, profile) =>
      on(`q${profile}`, beat('reachable', { incarnation: `iq${profile}` })),
    );
  const owed = (...moves: Move[]): unknown => {
    const { log } = given(...moves);
    return massSilenceOwed(log.state, log.policy);
  };
  it('accuses the monitor when enough leases are silent at once', () =>
    expect(owed(leases(20), elapse(45_000))).toEqual({
      type: 'MassSilence',
      held: 20,
      silent: 20,
      silentMs: 30_000,
      untilLogMs: 165_000,
    }));
  it('needs a share of the leases', () => {
    expect(owed(leases(40), elapse(45_000), beats(28))).toMatchObject({ held: 40, silent: 12 });
    expect(owed(leases(40), elapse(45_000), beats(29))).toBeNull();
  });
  it('needs a number of leases', () => {
    expect(owed(leases(10), elapse(45_000))).toMatchObject({ silent: 10 });
    expect(owed(leases(9), elapse(45_000))).toBeNull();
  });
  it('counts who is nearly as silent as the one that is due', () => {
    expect(owed(leases(10), elapse(30_000))).toMatchObject({ silent: 10 });
    expect(owed(leases(10), elapse(29_000))).toBeNull();
  });
  it('is judged by the patience of the one that is due, but no shorter silence than a healthy one counts', () => {
    const patience = (suspectAfterMs: number, about: Partial<Policy> = {}): unknown => {
      const { log } = given(leases(10), elapse(20_000));
      return massSilenceOwed(log.state, { ...log.policy, ...about }, suspectAfterMs);
    };
    expect(patience(45_000)).toBeNull();
    expect(patience(34_000)).toMatchObject({ silentMs: 19_000 });
    expect(patience(20_000)).toMatchObject({ silentMs: 12_000 });
    expect(patience(20_000, { overrides: { slow: { heartbeatEveryMs: 15_000 } } })).toMatchObject({
      silentMs: 17_000,
    });
    expect(patience(20_000, { overrides: { slow: { heartbeatEveryMs: 90_000 } } })).toMatchObject({
      silentMs: 20_000,
    });
  });
  it('holds suspicion until it is over, and then lets it through whatever the number', () => {
    const held = given(granted(), leases(20), elapse(45_000), massSilence(165_000), elapse(119_000));
    held.then({ detector: null });
    expect(massSilenceOwed(held.log.state, held.log.policy)).toBeNull();
    held.when(elapse(1_000)).then((log) => expect(massSilenceOwed(log.state, log.policy)).toBeNull(), {
      detector: { cause: 'heartbeat-stopped' },
    });
  });
  it('is a new episode once the leases have beaten again', () =>
    expect(owed(leases(20), elapse(45_000), massSilence(165_000), beats(20), elapse(120_000))).toMatchObject({
      silent: 20,
    }));
  it('is asked about before suspicions of silence, not of restarts', () => {
    expect(
      ['heartbeat-stopped', 'browser-unreachable', 'never-ready'].every((cause) =>
        isForSilence(cause as 'never-ready'),
      ),
    ).toBe(true);
    expect(isForSilence('worker-restarted') || isForSilence('host-restarted')).toBe(false);
  });
});
