import {
  beat,
  elapse,
  given,
  granted,
  hostReported,
  massSilence,
  on,
  request,
  workerStarted,
  type Move,
  type PartitionLog,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

const barrier: Move = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a2' };

describe('a barrier', () => {
  it('makes its offset the epoch', () => {
    const { log } = given(request()).when(barrier);
    expect(log.state.epoch).toBe(log.records.at(-1)?.offset);
  });
  it('does not touch the profiles', () =>
    given(granted())
      .when(barrier)
      .then({ stage: 'held', folded: ['applied'] }));
});

describe('the start of a worker', () => {
  const worker = (log: PartitionLog): unknown => log.state.workers.get('w1');
  it('is remembered, with the runs before it', () =>
    given(workerStarted('i1'))
      .when(workerStarted('i2'))
      .then((log) => expect(worker(log)).toMatchObject({ incarnation: 'i2', formerIncarnations: ['i1'] })));
  it('told twice, or late by a former run, changes nothing', () => {
    const { log } = given(workerStarted('i1'), workerStarted('i2')).when(
      workerStarted('i2'),
      workerStarted('i1'),
    );
    expect(log.folded.slice(-2)).toEqual(['known-incarnation', 'known-incarnation']);
    expect(worker(log)).toMatchObject({ incarnation: 'i2' });
  });
  it('keeps a bounded number of former runs', () => {
    const runs = Array.from({ length: 40 }, (_none, run) => workerStarted(`run-${run}`));
    const { log } = given(...runs);
    expect(log.state.workers.get('w1')?.formerIncarnations).toHaveLength(16);
  });
});

describe('word about a host', () => {
  const host = (log: PartitionLog): unknown => log.state.hosts.get('h1');
  it('sets what is attested, from whom it comes last', () =>
    given(hostReported('draining'))
      .when(hostReported('dead'))
      .then((log) => expect(host(log)).toMatchObject({ status: 'dead', bootId: null })));
  it('of a new boot withdraws what was attested of the former one', () =>
    given(workerStarted('i1'), hostReported('dead'))
      .when(workerStarted('i2', { bootId: 'b2' }))
      .then((log) => expect(host(log)).toMatchObject({ status: 'up', bootId: 'b2', formerBootIds: ['b1'] })));
  it('that comes late, of a former boot, changes nothing about the boot', () =>
    given(workerStarted('i1'), workerStarted('i2', { bootId: 'b2' }))
      .when(workerStarted('i3', { bootId: 'b1' }))
      .then((log) => expect(host(log)).toMatchObject({ bootId: 'b2' })));
  it('with a status newer than this program is ignored', () => {
    const { log } = given().when(hostReported('UNKNOWN'));
    expect(log.folded.at(-1)).toBe('unknown-value');
    expect(host(log)).toBeUndefined();
  });
});

describe('a mass silence', () => {
  it('counts the leases that are silent at its place in the log, and no others', () => {
    const { log } = given(granted(), beat(), elapse(40_000), on('p2', request('r2')), (one) =>
      one.payAuthority('p2'),
    ).when(massSilence(160_000));
    expect(log.profile('p1').pulse?.countedBy).toBe(log.records.at(-1)?.offset);
    expect(log.profile('p2').pulse?.countedBy).toBeNull();
    expect(log.state.massSilence?.untilLogMs).toBe(160_000);
  });
  it('is over for a lease once it beats', () =>
    given(granted(), elapse(40_000), massSilence(160_000))
      .when(beat())
      .then({ profile: { pulse: { countedBy: null } } }));
  it('counts no lease that has ended', () =>
    given(granted(), elapse(40_000), (log) =>
      log.append({
        type: 'Quarantined',
        epoch: log.state.epoch,
        token: 1,
        round: 1,
        cause: 'operator',
        suspicionOffset: null,
        fenceTargets: [],
      }),
    )
      .when(massSilence(160_000))
      .then({ profile: { pulse: { countedBy: null } } }));
});
