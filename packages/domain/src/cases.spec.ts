/** Faults that others have met in the field, as far as the protocol alone answers them. */
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
  now,
  on,
  quarantineRequested,
  registered,
  releaseRequested,
  request,
  reviewResolved,
  silenced,
  stepCompleted,
  stepStarted,
  withPolicy,
  workerStarted,
  writeRefused,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { canonicalState, emptyPartition, evolve, rejectionOwed } from './index.ts';

const second = (about: Parameters<typeof request>[1] = {}): ReturnType<typeof request> =>
  request('r2', { workerId: 'w2', incarnation: 'i2', ...about });
const worked: Move = [granted(), beat()];
const recovered: Move = [granted(), beat('starting'), inspected(), deciderPays];
const held2: Move = [recovered, granted('r2', { workerId: 'w1', incarnation: 'i2' })];

describe('field cases of holders that are half dead', () => {
  it('C07: a browser that outlives its worker keeps the profile from everybody', () =>
    given(worked, silenced, elapse(30_000))
      .when(looked({ workerAlive: 'no', browserAlive: 'yes' }, false), second(), authorityPays)
      .then({ stage: 'quarantined', profile: { token: 1 } })
      .when(elapse(15_000), looked({ workerAlive: 'no', browserAlive: 'no' }))
      .then({ stage: 'inspected' }));
  it('C14: beats without an answer of the browser do not keep a lease', () =>
    given(worked, beating(60_000, beat('unreachable')))
      .when(detectorPays)
      .then({ stage: 'suspected-stale', profile: { stage: { cause: 'browser-unreachable' } } }));
  it('C15: a browser that never came up is the safest case', () =>
    given(
      granted(),
      beating(180_000, beat('starting')),
      detectorPays,
      elapse(120_000),
      authorityPays,
      elapse(30_000),
      looked(),
    )
      .when(deciderPays)
      .then({ stage: 'available', profile: { stage: { why: 'recovered' } } }));
  it('C40: perfect beats do not hold a profile for ever', () =>
    given(worked, beating(1_800_000, beat()), authorityPays)
      .then({ stage: 'held', profile: { pulse: { stop: { graceMs: 60_000 } } } })
      .when(beating(60_000, beat()), authorityPays)
      .then({ stage: 'quarantined', profile: { stage: { cause: 'stop-ignored' } } }));
  it('C59: an announced silence is not taken for death, and a draining host gets no more leases', () =>
    given(worked, hostReported('draining'), second())
      .then({ authority: [{ type: 'StopRequested', reason: 'host-draining' }] })
      .when(authorityPays)
      .then((log) =>
        expect(log.records.at(-1)?.event).toMatchObject({ type: 'LeaseDenied', reason: 'host-draining' }),
      ));
});

describe('field cases of mistaken identity', () => {
  it('C17: another process under the old number is not the holder', () =>
    given(worked, silenced, elapse(30_000))
      .when(looked({ workerAlive: 'no' }))
      .then({ stage: 'inspected' }));
  it('C19: the same host and process number with another incarnation is somebody else', () =>
    given(worked)
      .when(request('r2', { incarnation: 'i2', pid: 100 }))
      .then({ stage: 'held', authority: [{ type: 'LeaseDenied', reason: 'held' }] }));
  it('C42: a worker’s name owns nothing: beats and releases need the exact token', () => {
    const again = given(held2, beat('starting', { token: 2, incarnation: 'i2' }));
    const before = again.log.profile().pulse;
    again
      .when(beat('reachable', { token: 1 }), releaseRequested({ token: 1 }))
      .then((log) => expect(log.profile().pulse).toEqual(before), {
        stage: 'held',
        folded: ['old-token', 'old-token'],
      });
  });
  it('C77: a profile of one tenant is not leased to another', () =>
    given(registered({ tenant: 'a' }))
      .when(request('r1', { tenant: 'b' }))
      .then({ authority: [{ type: 'LeaseDenied', reason: 'wrong-tenant' }] }));
});

describe('field cases of late words', () => {
  it('C27: who wakes up after the next grant changes nothing, but is noticed', () =>
    given(held2)
      .when(stepStarted('look', 'read', { token: 1 }))
      .then(
        (log) =>
          expect(rejectionOwed(log.profile(), { type: 'StepStarted', token: 1, offset: 9 })).toMatchObject({
            presentedToken: 1,
            currentToken: 2,
          }),
        {
          stage: 'held',
          folded: ['old-token'],
        },
      ));
  it('C39: an outcome that arrives after the next grant is refused and stays in the trail', () =>
    given(held2)
      .when(stepCompleted('pay', { token: 1 }))
      .then({ stage: 'held', folded: ['old-token'], profile: { history: { completed: [] } } }));
  it('C50: a beat behind the release revives nothing', () => {
    given(worked, releaseRequested(), authorityPays)
      .when(beat())
      .then({ stage: 'available', profile: { stage: { why: 'released' } }, authority: [] });
    given(worked, beat(), releaseRequested(), authorityPays).then({ stage: 'available' });
  });
  it('C61: a quarantine is a revocation: a beat heals nothing and nobody is let in while a holder may believe', () =>
    given(worked, quarantineRequested(), authorityPays, elapse(1_000))
      .when(beat(), second({ waitMs: 600_000 }), authorityPays, elapse(89_000))
      .then({ stage: 'quarantined', collector: null, authority: [] }));
  it('C84: a refused write is no retry: the profile stays out of reach until a person has looked', () =>
    given(worked, stepStarted('pay', 'sensitive'), silenced, writeRefused(), elapse(150_000))
      .when(looked(), deciderPays, second())
      .then({ stage: 'manual-review', authority: [{ type: 'LeaseDenied', reason: 'in-review' }] }));
});

describe('field cases of two who decide', () => {
  it('C25: of two decisions on one round the first counts', () => {
    const both = given(worked, stepStarted('look', 'read'), inspected());
    const owed = both.log.caseOf();
    const { stage } = owed.profile;
    const basedOn = stage.kind === 'inspected' ? stage.evidence.basedOn : -1;
    const decision: Move = {
      type: 'Decided',
      token: 1,
      round: 1,
      basedOn,
      outcome: 'retry',
      checkpointOffset: null,
      rule: 'restartable',
      reasons: [],
      policyVersion: 'x',
    };
    both.when(decision, decision).then({ folded: ['applied', 'not-in-this-stage'], stage: 'available' });
  });
  it('C48: house-keeping frees nothing: a host said to be gone while its worker beats', () =>
    given(worked)
      .when(hostReported('up', { hostId: 'h9' }), beat())
      .then({ stage: 'held', authority: [], detector: null }));
  it('C55: force needs the token that is shown, and frees nothing', () =>
    given(held2)
      .when(quarantineRequested(1), authorityPays)
      .then({ stage: 'held' })
      .when(quarantineRequested(2), authorityPays)
      .then({ stage: 'quarantined' }));
});

describe('field cases of clocks and replays', () => {
  it('C35: state rebuilt from the log knows the lease, and never gives its token again', () => {
    const { log } = given(held2);
    const rebuilt = emptyPartition(0);
    for (const record of log.records) evolve(rebuilt, record);
    expect(canonicalState(rebuilt)).toBe(canonicalState(log.state));
    given(held2, releaseRequested({ token: 2 }), authorityPays, request('r3', { incarnation: 'i3' })).then({
      authority: [{ type: 'LeaseGranted', token: 3 }],
    });
  });
  it('C46: clocks of workers and brokers decide nothing: the same log two hours later decides the same', () => {
    const { log } = given(worked, checkpoint('cart'), inspected(), deciderPays);
    const shifted = emptyPartition(0);
    for (const record of log.records) evolve(shifted, { ...record, brokerMs: record.brokerMs + 7_200_000 });
    expect(shifted.logMs).toBe(log.state.logMs);
    expect(shifted.profiles.get('p1')?.stage).toEqual(log.profile().stage);
  });
  it('C88: a replay of ten thousand records gives the same state', () => {
    const { log } = given(
      worked,
      ...Array.from({ length: 10_000 }, (_none, index) => beat('reachable', { seq: index })),
    );
    const replayed = emptyPartition(0);
    for (const record of log.records) evolve(replayed, record);
    expect(canonicalState(replayed)).toBe(canonicalState(log.state));
  });
});

describe('field cases of doing things twice', () => {
  it('C62: a read may be repeated, a side effect goes to a person, and so does the third crash', () => {
    given(worked, checkpoint('cart'), inspected(), deciderPays).then({ stage: 'resume-pending' });
    given(worked, checkpoint('cart'), stepStarted('post', 'side-effect'), inspected(), deciderPays).then({
      stage: 'manual-review',
    });
    const resumed = (token: number): Move => [
      granted(`r${token}`, { incarnation: `i${token}`, intent: token === 1 ? 'fresh' : 'resume' }),
      beat('reachable', { token, incarnation: `i${token}` }),
      token === 1 ? checkpoint('cart') : [],
      inspected(),
      deciderPays,
    ];
    given(resumed(1), resumed(2)).then({ stage: 'resume-pending' });
    given(resumed(1), resumed(2), resumed(3)).then({
      stage: 'manual-review',
      profile: { stage: { rule: 'crash-loop' } },
    });
  });
  it.each([
    [12_000, 'available'],
    [45_000, 'resume-pending'],
  ] as const)('C64, C73: a login in the profile %i ms before the end: %s', (ms, stage) => {
    given(worked, checkpoint('logged-in', 'profile'), beating(ms, beat()), inspected(), deciderPays).then({
      stage,
    });
  });
  it('C64: a browser that was closed in order has kept its login', () =>
    given(
      worked,
      checkpoint('logged-in', 'profile'),
      releaseRequested({ outcome: 'unknown' }),
      authorityPays,
      elapse(30_000),
      looked(),
    )
      .when(deciderPays)
      .then({ stage: 'resume-pending' }));
  it('C75: a resume through another proxy is refused, through the same one granted', () =>
    given(worked, checkpoint('cart'), inspected(), deciderPays)
      .when(second({ intent: 'resume', proxyId: 'proxy-b' }))
      .then({ authority: [{ type: 'LeaseDenied', reason: 'proxy-mismatch' }] })
      .when(authorityPays, request('r3', { incarnation: 'i3', intent: 'resume' }))
      .then({ authority: [{ type: 'LeaseGranted', intent: 'resume' }] }));
  it('C89: a purchase without an outcome goes to a person, and no resume gets past that', () =>
    given(worked, checkpoint('cart'), stepStarted('checkout', 'sensitive'), inspected())
      .then({ decider: { rule: 'sensitive-open', outcome: 'manual-review' } })
      .when(deciderPays, second({ intent: 'resume' }))
      .then({ authority: [{ type: 'LeaseDenied', reason: 'in-review' }] })
      .when(
        authorityPays,
        now((log) =>
          reviewResolved(log.nextOffset - 1, { verdicts: [{ stepId: 'checkout', verdict: 'applied' }] }),
        ),
      )
      .then({ stage: 'available', profile: { stage: { why: 'reviewed' } } }));
});

describe('field cases of many at once', () => {
  it('C10: asking is free: five requests for a held profile are five denials and nothing else', () => {
    const asks = [2, 3, 4, 5, 6].map((n) => request(`r${n}`, { workerId: `w${n}`, incarnation: `i${n}` }));
    given(worked, ...asks).then({
      stage: 'held',
      authority: asks.map(() => ({ type: 'LeaseDenied', reason: 'held' })),
    });
  });
  it('C24: a holder that nobody can establish ends with a person, never in an endless quarantine', () => {
    const blind = looked({ workerAlive: 'unknown', browserAlive: 'unknown', sameBoot: 'unknown' });
    given(withPolicy({ evidenceAttempts: 1 }), worked, silenced, elapse(30_000), blind, deciderPays).then({
      stage: 'manual-review',
      profile: { stage: { rule: 'holder-unknown' } },
    });
  });
  it('a restarted worker loses only its own leases', () => {
    const { log } = given(worked, on('p2', second()), (one) => one.payAuthority('p2'), workerStarted('i9'));
    log.pay('p2');
    log.payOnce('p1');
    expect([log.profile('p1').stage.kind, log.profile('p2').stage.kind]).toEqual(['suspected-stale', 'held']);
  });
});
