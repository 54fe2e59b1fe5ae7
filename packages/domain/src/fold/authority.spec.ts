import type { EventOf } from '@profile-warden/events';
import {
  authorityPays,
  beat,
  checkpoint,
  deciderPays,
  elapse,
  given,
  granted,
  inspected,
  now,
  quarantineRequested,
  releaseRequested,
  request,
  reviewResolved,
  silenced,
  stepStarted,
  type Move,
  type PartitionLog,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

const grant =
  (about: Partial<EventOf<'LeaseGranted'>> = {}) =>
  ({ state }: PartitionLog): EventOf<'LeaseGranted'> => ({
    type: 'LeaseGranted',
    epoch: state.epoch,
    token: 2,
    requestId: 'r2',
    holder: { workerId: 'w2', incarnation: 'i2', hostId: 'h1', taskId: 't2' },
    intent: 'fresh',
    leaseMs: 120_000,
    maxRuntimeMs: 1_800_000,
    resumeFrom: null,
    ...about,
  });
const barrier: Move = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a2' };
const free: Move = [granted(), releaseRequested(), authorityPays];
const inReview: Move = [granted(), stepStarted('pay', 'sensitive'), inspected(), deciderPays];
const quarantined = (round: number, token = 1): Move =>
  now(({ state }) => ({
    type: 'Quarantined',
    epoch: state.epoch,
    token,
    round,
    cause: 'operator',
    suspicionOffset: null,
    fenceTargets: [],
  }));

describe('a grant', () => {
  it('begins a lease with a history of its own', () =>
    given(
      granted(),
      checkpoint('cart'),
      releaseRequested(),
      authorityPays,
      request('r2', { incarnation: 'i2' }),
    )
      .when(now(grant()))
      .then({
        folded: ['applied'],
        stage: 'held',
        profile: { token: 2, round: 0, lease: { taskId: 't2' }, history: { taskId: 't2', anyStep: false } },
      }));
  it('answers its request', () =>
    given(free, request('r2'))
      .when(now(grant()))
      .then({ profile: { requests: [], answered: [{ requestId: 'r1' }, { requestId: 'r2' }] } }));
  it('under a former barrier has no effect but that its token is used up', () =>
    given(free, barrier, request('r2', { incarnation: 'i2' }))
      .when(now((log) => grant({ epoch: log.state.epoch - 1, token: 7 })(log)))
      .then({
        folded: ['stale-epoch'],
        stage: 'available',
        authority: [{ type: 'LeaseGranted', token: 8 }],
      }));
  it('decided before a deposed authority’s grant was read counts, though the token was seen', () =>
    given(free, barrier, request('r2', { incarnation: 'i2' }))
      .when(
        now((log) => grant({ epoch: 0 })(log)),
        now(grant()),
      )
      .then({ folded: ['stale-epoch', 'applied'], stage: 'held', profile: { token: 2 } }));
  it('with a token that has been granted is ignored', () =>
    given(free)
      .when(now(grant({ token: 1 })))
      .then({ folded: ['not-in-this-stage'], stage: 'available' }));
  it('while the profile is held is ignored', () =>
    given(granted())
      .when(now(grant()))
      .then({ folded: ['not-in-this-stage'], profile: { token: 1, highestToken: 2 } }));
  it('beside an open step of an earlier lease is a dual use', () =>
    given(free)
      .when(stepStarted('pay', 'sensitive'), now(grant()))
      .then({ stage: 'held', authority: [{ cause: 'dual-use', token: 2 }] }));
  it('leaves an operator’s request standing', () =>
    given(free)
      .when(quarantineRequested(1), now(grant()))
      .then({ stage: 'held', authority: [{ cause: 'operator', token: 2 }] }));
});

describe('the grant of an inspection', () => {
  it('carries the case of the profile', () =>
    given(inReview)
      .when(granted('r2', { incarnation: 'i2', intent: 'inspect' }))
      .then({
        stage: 'held',
        profile: { history: { openSteps: [{ stepId: 'pay' }] }, dualUse: null },
        authority: [],
      }));
  it.each(['available', 'resume-pending', 'retired'] as const)(
    'still counts where a review made the profile %s meanwhile',
    (outcome) => {
      given(inReview, request('r2', { incarnation: 'i2', intent: 'inspect' }))
        .when(
          now((log) =>
            reviewResolved(log.nextOffset - 1, {
              outcome,
              checkpoint: 'by-hand',
              verdicts: [{ stepId: 'pay', verdict: 'applied' }],
            }),
          ),
        )
        .then({ stage: outcome })
        .when(now(grant({ intent: 'inspect' })))
        .then({ folded: ['applied'], stage: 'held' });
    },
  );
  it('counts in no other stage', () =>
    given(granted(), silenced)
      .when(now(grant({ intent: 'inspect' })))
      .then({ folded: ['not-in-this-stage'], stage: 'quarantined' }));
});

describe('a denial', () => {
  const denied = (about: { epoch?: number } = {}): Move =>
    now(({ state }) => ({
      type: 'LeaseDenied',
      epoch: about.epoch ?? state.epoch,
      requestId: 'r2',
      reason: 'held',
      state: 'held',
      holder: null,
      token: 1,
      since: 0,
      nextAction: '',
      retryAfterMs: 0,
    }));
  it('answers its request', () =>
    given(granted(), request('r2', { incarnation: 'i2' }))
      .when(denied())
      .then({ folded: ['applied'], authority: [], profile: { requests: [] } }));
  it('under a former barrier leaves it waiting', () =>
    given(granted(), barrier, request('r2', { incarnation: 'i2' }))
      .when(denied({ epoch: 0 }))
      .then({ folded: ['stale-epoch'], authority: [{ type: 'LeaseDenied' }] }));
});

describe('the end of a lease', () => {
  const released = (about: Partial<EventOf<'LeaseReleased'>> = {}): Move =>
    now(({ state }) => ({ type: 'LeaseReleased', epoch: state.epoch, token: 1, round: null, ...about }));
  it('frees the profile', () =>
    given(granted(), releaseRequested())
      .when(released())
      .then({ stage: 'available', profile: { stage: { why: 'released' } } }));
  it('of an inspection goes back to the person, in the next round', () =>
    given(inReview, granted('r2', { incarnation: 'i2', intent: 'inspect' }), releaseRequested({ token: 2 }))
      .when(authorityPays)
      .then({ stage: 'manual-review', profile: { round: 1, stage: { rule: 'inspection-ended' } } }));
  it('of another token is ignored', () =>
    given(granted())
      .when(released({ token: 3 }))
      .then({ folded: ['not-in-this-stage'], stage: 'held' }));
});

describe('a cleared suspicion', () => {
  const cleared = (token = 1): Move =>
    now(({ state }) => ({ type: 'SuspicionCleared', epoch: state.epoch, token, heartbeatOffset: 1 }));
  it('gives the lease back', () =>
    given(granted(), elapse(45_000), (log) => log.payOnce())
      .then({ stage: 'suspected-stale' })
      .when(beat(), cleared())
      .then({ stage: 'held' }));
  it('where none is suspected is ignored', () =>
    given(granted())
      .when(cleared())
      .then({ folded: ['not-in-this-stage'] }));
});

describe('a quarantine', () => {
  it('revokes the token in every stage, in the round it names', () =>
    given(free)
      .when(quarantined(1))
      .then({ stage: 'quarantined', profile: { round: 1 } }));
  it('needs no fence where no target is named', () =>
    given(granted())
      .when(quarantined(1))
      .then({ profile: { stage: { fencedLogMs: 0 } } }));
  it('of a round that was is ignored', () =>
    given(granted(), quarantined(1))
      .when(quarantined(1))
      .then({ folded: ['not-in-this-stage'] }));
  it('of a former token is ignored', () =>
    given(free, granted('r2', { incarnation: 'i2' }))
      .when(quarantined(1, 1))
      .then({ folded: ['not-in-this-stage'], stage: 'held' }));
  it('of a retired profile remembers that', () =>
    given(
      inReview,
      now((log) => reviewResolved(log.nextOffset - 1, { outcome: 'retired' })),
      quarantined(2),
    ).then({
      profile: { stage: { kind: 'quarantined', fromRetired: true } },
    }));
  it('counts as a recovery of the task once per lease', () =>
    given(granted(), quarantined(1))
      .when(quarantined(2))
      .then({ profile: { recoveries: { taskId: 't1', count: 1 } } }));
});

describe('a request to stop, an expired window and a notice', () => {
  it('a stop is remembered with its grace', () =>
    given(granted(), elapse(1_800_000), (log) => log.payAuthority()).then({
      profile: { pulse: { stop: { logMs: 1_800_000, graceMs: 60_000 } } },
    }));
  it('a stop for a lease that has ended is ignored', () =>
    given(free)
      .when(
        now(({ state }) => ({
          type: 'StopRequested',
          epoch: state.epoch,
          token: 1,
          reason: 'host-draining',
          graceMs: 1,
        })),
      )
      .then({ folded: ['not-in-this-stage'] }));
  it('an expired window brings the profile to a person', () =>
    given(granted(), beat(), checkpoint('cart'), inspected(), deciderPays)
      .then({ stage: 'resume-pending' })
      .when(elapse(1_800_000), authorityPays)
      .then({ stage: 'manual-review', profile: { round: 2, stage: { rule: 'resume-expired' } } }));
  it('an expiry where nothing is pending is ignored', () =>
    given(granted())
      .when(now(({ state }) => ({ type: 'ResumeExpired', epoch: state.epoch, token: 1, round: 1 })))
      .then({ folded: ['not-in-this-stage'], stage: 'held' }));
  it('a notice to a late holder changes nothing', () => {
    const { log } = given(free);
    const before = log.profile();
    log.append({
      type: 'StaleTokenRejected',
      epoch: log.state.epoch,
      presentedToken: 1,
      currentToken: 1,
      presented: 'Heartbeat',
      presentedOffset: 3,
    });
    expect(log.profile()).toBe(before);
  });
});
