import {
  authorityPays,
  beat,
  deciderPays,
  detectorPays,
  elapse,
  given,
  granted,
  inspected,
  now,
  quarantineRequested,
  releaseRequested,
  silenceAnnounced,
  silenced,
  stepCompleted,
  stepStarted,
  suspected,
  writeRefused,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

const suspectedFor = (cause: 'heartbeat-stopped' | 'browser-unreachable'): Move =>
  now((log) =>
    suspected(
      cause,
      log.profile().pulse?.[cause === 'heartbeat-stopped' ? 'heartbeat' : 'reachable']?.offset ?? null,
    ),
  );
const released: Move = [releaseRequested(), authorityPays];
/** Crashed before it touched anything, recovered, free again. */
const recovered: Move = [granted(), inspected(), deciderPays];

describe('a heartbeat', () => {
  it('puts the silence back to nothing', () =>
    given(granted(), elapse(40_000))
      .when(beat())
      .then({ folded: ['beat'], profile: { pulse: { heartbeat: { logMs: 40_000 } } }, detector: null }));
  it('counts as an answer of the browser only where it says so', () =>
    given(granted(), beat('reachable'), elapse(5_000))
      .when(beat('unreachable'))
      .then({
        profile: { pulse: { reachable: { logMs: 0 }, heartbeat: { logMs: 5_000 }, browser: 'unreachable' } },
      }));
  it('heals a suspicion of silence whatever it says of the browser', () =>
    given(granted(), beat(), elapse(45_000), detectorPays)
      .when(beat('unreachable'))
      .then({ folded: ['applied'], stage: 'suspected-stale', authority: [{ type: 'SuspicionCleared' }] }));
  it('heals a suspicion about the browser only if that answered', () =>
    given(granted(), beat(), suspectedFor('browser-unreachable'))
      .when(beat('starting'))
      .then({ authority: [] })
      .when(beat('reachable'))
      .then({ authority: [{ type: 'SuspicionCleared' }] }));
  it('heals no quarantine: it is evidence that the holder lives', () =>
    given(granted(), quarantineRequested(), authorityPays)
      .when(beat())
      .then({
        folded: ['applied'],
        stage: 'quarantined',
        profile: { pulse: { lateReportCount: 1, heartbeat: null } },
      }));
  it('of another run of the worker is ignored', () =>
    given(granted())
      .when(beat('reachable', { incarnation: 'i2' }))
      .then({ folded: ['wrong-incarnation'], profile: { pulse: { heartbeat: null } } }));
  it('with a token never granted is ignored', () =>
    given(granted())
      .when(beat('reachable', { token: 2 }))
      .then({ folded: ['unknown-token'] }));
  it('before any lease is ignored', () => {
    given()
      .when(beat())
      .then((log) => {
        expect(log.folded.at(-1)).toBe('no-lease');
        expect(log.state.profiles.size).toBe(0);
      });
  });
  it('ends an announced silence', () =>
    given(granted(), silenceAnnounced(90_000))
      .when(beat())
      .then({ profile: { pulse: { announced: null } } }));
});

describe('a step', () => {
  it('that others could feel stays open until its outcome is known', () =>
    given(granted())
      .when(stepStarted('pay', 'sensitive'), stepStarted('mail', 'side-effect'), stepStarted('look', 'read'))
      .then({ profile: { history: { openSteps: [{ stepId: 'pay' }, { stepId: 'mail' }] } } })
      .when(stepCompleted('pay'), stepCompleted('mail', { outcome: 'not-applied' }))
      .then((log) => expect(log.profile().history.openSteps).toEqual([])));
  it('with an unknown outcome stays open, and may still be settled', () =>
    given(granted(), stepStarted('pay', 'sensitive'))
      .when(stepCompleted('pay', { outcome: 'unknown' }))
      .then({ profile: { history: { openSteps: [{ stepId: 'pay' }] } } })
      .when(stepCompleted('pay'))
      .then({ profile: { history: { completed: ['1:pay'] } } }));
  it('begun again under the same id for something worse counts as the worse', () =>
    given(granted(), stepStarted('x', 'side-effect', { repeatable: true }))
      .when(stepStarted('x', 'sensitive'))
      .then({ profile: { history: { openSteps: [{ stepId: 'x', kind: 'sensitive', repeatable: false }] } } })
      .when(stepStarted('x', 'side-effect', { repeatable: true }))
      .then({
        profile: { history: { openSteps: [{ stepId: 'x', kind: 'sensitive', repeatable: false }] } },
      }));
  it('of a kind newer than this program is taken for the worst', () =>
    given(granted())
      .when(stepStarted('x', 'UNKNOWN'))
      .then({ profile: { history: { openSteps: [{ stepId: 'x' }] } } }));
  it('more than can be kept are remembered as one too many', () =>
    given(granted())
      .when(...Array.from({ length: 17 }, (_none, step) => stepStarted(`s${step}`, 'side-effect')))
      .then((log) => expect(log.profile().history.openSteps).toHaveLength(16), {
        profile: { history: { openOverflow: true } },
      }));
  it('begun after the end of the lease is kept open, its outcome settles nothing', () =>
    given(granted(), silenced)
      .when(stepStarted('pay', 'sensitive'), stepCompleted('pay'))
      .then({ stage: 'quarantined', profile: { history: { openSteps: [{ stepId: 'pay' }] } } }));
  it('of an earlier token makes a dual use if others could feel it', () =>
    given(granted(), released, granted('r2', { incarnation: 'i2' }))
      .when(stepStarted('pay', 'sensitive', { token: 1 }))
      .then({
        stage: 'held',
        folded: ['applied'],
        authority: [{ type: 'Quarantined', cause: 'dual-use', token: 2 }],
      }));
  it('of an earlier token that only reads is ignored', () =>
    given(granted(), released, granted('r2', { incarnation: 'i2' }))
      .when(stepStarted('look', 'read', { token: 1 }), stepCompleted('look', { token: 1 }))
      .then({ stage: 'held', folded: ['old-token', 'old-token'], authority: [] }));
  it('whose start nobody saw could have been anything', () =>
    given(granted())
      .when(stepCompleted('ghost'))
      .then((log) => expect(log.profile().history.unsafeOffset).not.toBeNull()));
});

describe('a release', () => {
  it('is remembered once, and paid by the authority', () =>
    given(granted())
      .when(releaseRequested(), releaseRequested({ browserClosed: 'unconfirmed' }))
      .then({ folded: ['applied', 'duplicate'], stage: 'held', authority: [{ type: 'LeaseReleased' }] }));
  it('of an earlier token takes nothing from the present holder', () =>
    given(granted(), released, granted('r2', { incarnation: 'i2' }))
      .when(releaseRequested({ token: 1 }))
      .then({ stage: 'held', folded: ['old-token'], authority: [] }));
  it('after quarantine is the last word of a holder that is gone', () =>
    given(granted(), beat(), quarantineRequested(), authorityPays)
      .when(releaseRequested())
      .then({ stage: 'quarantined', profile: { pulse: { lastReport: { closed: true }, release: null } } }));
});

describe('an announced silence', () => {
  it('is kept until the next heartbeat', () =>
    given(granted())
      .when(silenceAnnounced(60_000))
      .then({ profile: { pulse: { announced: { silenceMs: 60_000 } } } }));
  it('of another token is ignored', () =>
    given(granted())
      .when(silenceAnnounced(60_000, 9))
      .then({ folded: ['unknown-token'] }));
});

describe('a refused write', () => {
  it('is counted while the lease runs', () =>
    given(granted(), beat())
      .when(writeRefused())
      .then({ stage: 'held', profile: { pulse: { refusedWriteCount: 1, lateReportCount: 0 } } }));
  it('after quarantine shows that the holder lives', () =>
    given(granted(), silenced)
      .when(writeRefused())
      .then({ stage: 'quarantined', profile: { pulse: { refusedWriteCount: 1, lateReportCount: 1 } } }));
});

describe('a report after a recovery', () => {
  it('is a reappearance of the holder', () =>
    given(recovered)
      .when(beat())
      .then({
        stage: 'available',
        authority: [{ type: 'Quarantined', cause: 'holder-reappeared', round: 2 }],
      }));
  it('after a clean release is none', () =>
    given(granted(), released)
      .when(beat())
      .then({ stage: 'available', folded: ['applied'], authority: [] }));
  it('is forgotten with the next grant', () =>
    given(recovered, granted('r2', { incarnation: 'i2' }))
      .when(beat())
      .then({ stage: 'held', folded: ['old-token'], profile: { reappearedOffset: null } }));
});
