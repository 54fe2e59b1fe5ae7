import type { EventOf } from '@profile-warden/events';
import {
  authorityPays,
  beat,
  checkpoint,
  decided,
  deciderPays,
  detectorPays,
  elapse,
  evidence,
  fenceConfirmed,
  findings,
  given,
  granted,
  hostReported,
  inspected,
  looked,
  now,
  projectorPays,
  quarantineRequested,
  registered,
  releaseRequested,
  reviewResolved,
  silenced,
  stepStarted,
  suspected,
  withPolicy,
  workerStarted,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

const here = (about: Partial<EventOf<'ReviewResolved'>>): Move =>
  now((log) => reviewResolved(log.nextOffset - 1, about));
const inReview: Move = [granted(), beat(), stepStarted('pay', 'sensitive'), inspected(), deciderPays];
const paid = [{ stepId: 'pay', verdict: 'applied' }] as const;
const stopped: Move = [granted(), beat(), quarantineRequested(), authorityPays];

describe('a registration', () => {
  it('is kept, the last one', () =>
    given(registered({ tenant: 'a' }))
      .when(registered({ tenant: 'b' }))
      .then({ stage: 'available', profile: { registration: { tenant: 'b' } } }));
});

describe('a suspicion', () => {
  it('is taken when it rests on the last heartbeat', () =>
    given(granted(), beat(), elapse(45_000))
      .when(detectorPays)
      .then({ stage: 'suspected-stale', folded: ['applied'] }));
  it('that rests on an earlier heartbeat is ignored', () =>
    given(granted(), beat(), elapse(45_000), (log) => void log.append(beat()))
      .when(now((log) => suspected('heartbeat-stopped', log.nextOffset - 50)))
      .then({ folded: ['based-on-another'], stage: 'held' }));
  it('of an unreachable browser needs one that was reachable', () =>
    given(granted(), beat('starting'))
      .when(suspected('browser-unreachable', null))
      .then({ folded: ['based-on-another'] }));
  it('of a browser that never came is void once it answered', () =>
    given(granted(), beat('reachable'))
      .when(suspected('never-ready', null))
      .then({ folded: ['based-on-another'] }));
  it('of a restart must be borne out by the log', () =>
    given(granted())
      .when(
        suspected('worker-restarted', null),
        suspected('host-restarted', null),
        suspected('operator', null),
      )
      .then({ folded: ['based-on-another', 'based-on-another', 'based-on-another'], stage: 'held' })
      .when(workerStarted('i2'), suspected('worker-restarted', null))
      .then({ stage: 'suspected-stale' }));
  it('of another token, or of a lease that is not held, is ignored', () =>
    given(stopped)
      .when(suspected('heartbeat-stopped', null, { token: 2 }), suspected('heartbeat-stopped', null))
      .then({ folded: ['stale-token', 'not-in-this-stage'] }));
});

describe('a confirmed fence', () => {
  const fenced = withPolicy({ fenceTargets: ['accounts', 'orders'] });
  it('counts when all targets have confirmed, from the last one', () =>
    given(fenced, stopped, elapse(5_000))
      .when(fenceConfirmed('accounts'))
      .then({ profile: { stage: { fencedLogMs: null } } })
      .when(elapse(5_000), fenceConfirmed('orders'))
      .then({ profile: { stage: { fencedLogMs: 10_000 } } }));
  it('told twice, by a stranger or of another token is ignored', () =>
    given(fenced, stopped, fenceConfirmed('accounts'))
      .when(fenceConfirmed('accounts'), fenceConfirmed('other'), fenceConfirmed('orders', 2))
      .then({ folded: ['duplicate', 'unknown-target', 'stale-token'] }));
  it('where nothing is quarantined is ignored', () =>
    given(granted())
      .when(fenceConfirmed('accounts'))
      .then({ folded: ['not-in-this-stage'] }));
});

describe('evidence', () => {
  it('that is complete moves the case on', () =>
    given(granted(), beat(), silenced, elapse(30_000))
      .when(looked())
      .then({ stage: 'inspected', folded: ['applied'] }));
  it('that is incomplete counts as an attempt', () =>
    given(granted(), beat(), silenced, elapse(30_000))
      .when(looked({ browserAlive: 'unknown' }, false))
      .then({ stage: 'quarantined', profile: { stage: { attempts: 1 } } }));
  it('before every fence is confirmed is ignored', () =>
    given(withPolicy({ fenceTargets: ['accounts'] }), stopped)
      .when(evidence(9))
      .then({ folded: ['fence-open'], stage: 'quarantined' }));
  it('with another number than the next, or of another round or token, is ignored', () =>
    given(stopped)
      .when(evidence(9, { attempt: 2 }), evidence(9, { round: 2 }), evidence(9, { token: 2 }))
      .then({ folded: ['other-attempt', 'other-round', 'stale-token'] }));
  it('that the holder is gone settles nothing while a correct holder may still believe in its lease', () =>
    given(stopped, elapse(30_000))
      .when(now((log) => evidence(log.nextOffset - 1)))
      .then({ folded: ['applied'], stage: 'quarantined', profile: { stage: { attempts: 1 } } }));
  it('settles at once behind a confirmed close', () =>
    given(stopped, releaseRequested(), elapse(30_000))
      .when(now((log) => evidence(log.nextOffset - 1)))
      .then({ stage: 'inspected' }));
  it('that the holder could not be established is taken at any time: it leads to a person', () =>
    given(granted(), beat(), hostReported('draining'), authorityPays, elapse(60_000), authorityPays)
      .when(now((log) => evidence(log.nextOffset - 1, { findings: findings({ browserAlive: 'unknown' }) })))
      .then({ stage: 'inspected', decider: { rule: 'holder-unknown' } }));
  it('older than a word of the holder leads to a person', () =>
    given(granted(), beat(), silenced, elapse(30_000), beat())
      .when(now((log) => evidence(log.nextOffset - 2)))
      .then({ stage: 'inspected', decider: { rule: 'holder-alive' } }));
  it('tells which browser wrote the profile last', () =>
    given(granted(), beat(), silenced, elapse(30_000))
      .when(looked({ browserVersion: '141.0.0' }))
      .then({ profile: { lastBrowser: { kind: 'chromium', version: '141.0.0' } } }));
});

describe('a decision', () => {
  const free: Move = [granted(), inspected()];
  it('frees the profile, and says for what', () =>
    given(free)
      .when(deciderPays)
      .then({ stage: 'available', profile: { stage: { why: 'recovered', taskId: 't1' } } }));
  it('to start over says so', () =>
    given(granted(), beat(), stepStarted('look', 'read'), inspected())
      .when(deciderPays)
      .then({ stage: 'available', profile: { stage: { why: 'retry' } } }));
  it('to start over settles the open steps that may be done again', () =>
    given(granted(), beat(), stepStarted('like', 'side-effect', { repeatable: true }), inspected())
      .when(deciderPays)
      .then((log) => expect(log.profile().history.openSteps).toEqual([]), {
        stage: 'available',
        profile: { stage: { why: 'retry' } },
        authority: [],
      }));
  it('made twice counts once', () =>
    given(free, deciderPays)
      .when(now((log) => decided(log.nextOffset - 1)))
      .then({ folded: ['not-in-this-stage'], stage: 'available' }));
  it('of another round, token, evidence or outcome than can be read is ignored', () =>
    given(free)
      .when(
        now((log) => decided(log.nextOffset - 2, { round: 2 })),
        now((log) => decided(log.nextOffset - 3, { token: 2 })),
        decided(1),
        now((log) => decided(log.nextOffset - 5, { outcome: 'UNKNOWN' })),
      )
      .then({
        folded: ['other-round', 'stale-token', 'based-on-another', 'unknown-value'],
        stage: 'inspected',
      }));
  it('that frees is void when the holder has spoken since the evidence; to ask a person it never is', () => {
    const spoken = given(granted(), beat(), inspected(), beat());
    const basedOn = spoken.log.nextOffset - 3;
    spoken
      .when(decided(basedOn))
      .then({ folded: ['holder-reported'], stage: 'inspected', decider: { rule: 'holder-alive' } })
      .when(decided(basedOn, { outcome: 'manual-review', rule: 'holder-alive' }))
      .then({ stage: 'manual-review' });
  });
  it('to resume needs the checkpoint it names', () =>
    given(granted(), beat(), checkpoint('cart'), inspected())
      .when(now((log) => decided(log.nextOffset - 2, { outcome: 'resume-pending', checkpointOffset: 1 })))
      .then({ folded: ['no-checkpoint'], stage: 'inspected' })
      .when(deciderPays)
      .then({ stage: 'resume-pending', profile: { stage: { checkpoint: { name: 'cart' } } } }));
});

describe('an operator’s request', () => {
  it('stays open, the first one', () =>
    given(granted())
      .when(quarantineRequested(1, 'odd'), quarantineRequested(1, 'odder'))
      .then({ folded: ['applied', 'duplicate'], profile: { operatorRequest: { reason: 'odd' } } }));
  it('with a token that is not the present one is a stale view', () =>
    given(granted())
      .when(quarantineRequested(2))
      .then({ folded: ['stale-view'], authority: [] }));
  it('for a profile that never had a lease is refused', () =>
    given(registered())
      .when(quarantineRequested(1))
      .then({ folded: ['never-leased'] }));
});

describe('a review', () => {
  it.each(['available', 'retry', 'retired'] as const)('may end in %s', (outcome) => {
    given(inReview)
      .when(here({ outcome, verdicts: paid }))
      .then({ stage: outcome === 'retry' ? 'available' : outcome, folded: ['applied'], authority: [] });
  });
  it('may vouch for a checkpoint that the log does not know', () =>
    given(inReview)
      .when(here({ outcome: 'resume-pending', checkpoint: 'by-hand', verdicts: paid }))
      .then({ stage: 'resume-pending', profile: { stage: { checkpoint: { name: 'by-hand' } } } }));
  it('for a resume without a checkpoint is refused', () =>
    given(inReview)
      .when(here({ outcome: 'resume-pending', verdicts: paid }))
      .then({ folded: ['no-checkpoint'], stage: 'manual-review' }));
  it('that frees must judge every open step', () =>
    given(inReview)
      .when(here({}))
      .then({ folded: ['verdict-missing'] })
      .when(here({ verdicts: paid }))
      .then({ stage: 'available' }));
  it('on a form older than the stage, or from the future, is a stale view', () =>
    given(inReview)
      .when(
        reviewResolved(1, { verdicts: paid }),
        now((log) => reviewResolved(log.nextOffset, { verdicts: paid })),
      )
      .then({ folded: ['stale-view', 'stale-view'], stage: 'manual-review' }));
  it('of another round or token, or with an outcome newer than this program, is ignored', () =>
    given(inReview)
      .when(here({ round: 2 }), here({ token: 2 }), here({ outcome: 'UNKNOWN' }))
      .then({ folded: ['other-round', 'stale-token', 'unknown-value'] }));
  it('is void when the holder spoke behind the form, unless it retires the profile', () =>
    given(inReview, beat())
      .when(now((log) => reviewResolved(log.nextOffset - 2, { verdicts: paid })))
      .then({ folded: ['holder-reported'] })
      .when(here({ outcome: 'retired' }))
      .then({ stage: 'retired' }));
  it('waits until a correct holder must have stopped', () =>
    given(inReview, beat())
      .when(here({ verdicts: paid }))
      .then({ folded: ['holder-recent'] })
      .when(elapse(120_000), here({ verdicts: paid }))
      .then({ stage: 'available' }));
  it('where nothing is to be reviewed is ignored', () =>
    given(granted())
      .when(here({}))
      .then({ folded: ['not-in-this-stage'], stage: 'held' }));
  it('reopens a retired profile in the same round, but not on a form from before', () => {
    const retired = given(inReview);
    const before = retired.log.nextOffset - 1;
    retired
      .when(here({ outcome: 'retired' }), reviewResolved(before, { verdicts: paid }))
      .then({ stage: 'retired', folded: ['applied', 'stale-view'] })
      .when(here({ outcome: 'retired' }), here({ verdicts: paid }))
      .then({ stage: 'available', folded: ['duplicate', 'applied'] });
  });
  it('settles what it has seen; what came in behind the form stays open', () => {
    const seen = given(inReview);
    const form = seen.log.nextOffset - 1;
    seen
      .when(quarantineRequested(1), reviewResolved(form, { verdicts: paid }))
      .then({ stage: 'available', authority: [{ cause: 'operator', round: 2 }] });
  });
});

describe('word about the host of a lease that nobody could look at', () => {
  const unknown: Move = [
    granted(),
    beat(),
    silenced,
    elapse(30_000),
    looked({ sameBoot: 'unknown', browserAlive: 'unknown' }),
    deciderPays,
  ];
  it('of its death counts as the holder gone, in a new round', () =>
    given(unknown)
      .then({ stage: 'manual-review', profile: { stage: { rule: 'holder-unknown' } } })
      .when(hostReported('dead'), authorityPays, projectorPays, elapse(30_000))
      .then({ profile: { round: 2 } })
      .when(looked({ browserAlive: 'unknown' }), deciderPays)
      .then({ stage: 'manual-review', profile: { stage: { rule: 'unreported-activity' } } }));
  it('of its death is refuted by a word of the holder', () =>
    given(unknown, hostReported('dead'), authorityPays, beat(), elapse(150_000))
      .when(looked({ browserAlive: 'unknown', workerAlive: 'unknown' }))
      .then({ decider: { rule: 'holder-unknown' } }));
});
