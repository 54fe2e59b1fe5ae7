import {
  authorityPays,
  beat,
  checkpoint,
  deciderPays,
  detectorPays,
  elapse,
  given,
  granted,
  hostReported,
  inspected,
  now,
  registered,
  releaseRequested,
  request,
  reviewResolved,
  silenced,
  stepStarted,
  withPolicy,
  workerStarted,
  type Move,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';

type About = Parameters<typeof request>[1];
const other = (about: About = {}): ReturnType<typeof request> =>
  request('r2', { workerId: 'w2', incarnation: 'i2', ...about });
const free: Move = [granted(), releaseRequested(), authorityPays];
const inReview: Move = [granted(), beat(), stepStarted('pay', 'sensitive'), inspected(), deciderPays];
const pending: Move = [granted(), beat(), checkpoint('cart'), inspected(), deciderPays];
const retired: Move = [inReview, now((log) => reviewResolved(log.nextOffset - 1, { outcome: 'retired' }))];

describe('a grant', () => {
  it('goes to the first in line, with the next token', () =>
    given(free, other(), request('r3', { incarnation: 'i3' })).then({
      authority: [
        {
          type: 'LeaseGranted',
          token: 2,
          requestId: 'r2',
          holder: { workerId: 'w2', incarnation: 'i2', hostId: 'h1', taskId: 't1' },
          leaseMs: 120_000,
          maxRuntimeMs: 1_800_000,
          resumeFrom: null,
        },
      ],
    }));
  it('passes over who cannot have the profile now', () =>
    given(other({ intent: 'resume', waitMs: 60_000 }), request('r3', { incarnation: 'i3' })).then({
      authority: [{ type: 'LeaseGranted', requestId: 'r3' }],
    }));
  it('of a resume tells where to go on and what was done since', () =>
    given(granted(), beat(), checkpoint('cart'), checkpoint('form', 'profile'), inspected(), deciderPays)
      .when(other({ intent: 'resume' }))
      .then({
        authority: [
          {
            type: 'LeaseGranted',
            resumeFrom: {
              checkpoint: { name: 'cart', stored: 'server' },
              stepsSince: [{ stepId: 'to-form', name: 'to-form', kind: 'read', repeatable: false }],
            },
          },
        ],
      }));
  it('for an inspection is possible in review only', () =>
    given(inReview)
      .when(other({ intent: 'inspect' }))
      .then({ authority: [{ type: 'LeaseGranted', intent: 'inspect', resumeFrom: null }] }));
});

describe('a denial', () => {
  const denies = (reason: string, moves: Move, about: About = {}): void => {
    given(moves)
      .when(other(about))
      .then({ authority: [{ type: 'LeaseDenied', requestId: 'r2', reason: reason as 'held' }] });
  };
  it.each<[string, Move]>([
    ['held', granted()],
    ['suspected-stale', [granted(), elapse(45_000), detectorPays]],
    ['quarantined', [granted(), silenced]],
    ['in-recovery', [granted(), inspected()]],
    ['resume-pending', pending],
    ['in-review', inReview],
    ['retired', retired],
  ])('says that the profile is %s', (reason, moves) => {
    denies(reason, moves);
  });
  it.each<[string, Move, About]>([
    ['nothing-to-resume', free, { intent: 'resume' }],
    ['nothing-to-inspect', free, { intent: 'inspect' }],
    ['invalid-request', free, { intent: 'UNKNOWN' }],
    ['wrong-task', pending, { intent: 'resume', taskId: 't9' }],
    ['proxy-mismatch', pending, { intent: 'resume', proxyId: 'proxy-b' }],
    ['proxy-mismatch', pending, { intent: 'resume', proxyId: null }],
    ['storage-mismatch', pending, { intent: 'resume', hostId: 'h2' }],
    ['storage-mismatch', pending, { intent: 'resume', profileDirectory: '/elsewhere' }],
    ['browser-older', pending, { intent: 'resume', browserVersion: '139.9.9' }],
    ['browser-older', pending, { intent: 'resume', browserKind: 'firefox' }],
    ['wrong-tenant', registered({ tenant: 'a' }), { tenant: 'b' }],
    ['wrong-tenant', registered({ tenant: 'a' }), { tenant: null }],
    ['wrong-host', registered({ homeHost: 'h7' }), {}],
    ['wrong-directory', registered({ directory: '/a' }), { profileDirectory: '/b' }],
    ['not-registered', withPolicy({ registrationRequired: true }), {}],
    ['host-draining', hostReported('draining'), {}],
  ])('says %s', (reason, moves, about) => {
    denies(reason, moves, about);
  });
  it('to the present holder names the token that it has', () =>
    given(granted())
      .when(request('r2'))
      .then({ authority: [{ type: 'LeaseDenied', reason: 'already-yours', token: 1 }] }));
  it('to the present holder on behalf of another tenant does not send it on with what it holds', () =>
    given(registered({ tenant: 'a' }), granted('r1', { tenant: 'a' }))
      .when(request('r2', { tenant: 'b' }))
      .then({ authority: [{ type: 'LeaseDenied', reason: 'wrong-tenant' }] }));
  it('to a former run of a worker says that it is superseded', () =>
    given(granted(), other({ waitMs: 60_000 }))
      .then({ authority: [] })
      .when(workerStarted('i9', { workerId: 'w2' }))
      .then({ authority: [{ reason: 'superseded' }] }));
  it('explains itself: holder, state, since when, what to do and when', () =>
    given(granted(), beat(), elapse(20_000))
      .when(other())
      .then({
        authority: [
          {
            reason: 'held',
            state: 'held',
            holder: { workerId: 'w1', incarnation: 'i1', hostId: 'h1', taskId: 't1' },
            since: 1_700_000_000_000,
            retryAfterMs: 100_000,
          },
        ],
      }));
  it('never offers another profile', () => {
    const { log } = given(granted(), other());
    log.payAuthority();
    expect(JSON.stringify(log.records.at(-1)?.event)).not.toMatch(/director|\/profiles/);
  });
});

describe('a match that is in order', () => {
  it.each<[string, Move, About]>([
    ['the same browser', pending, { intent: 'resume' }],
    ['a newer browser', pending, { intent: 'resume', browserVersion: '141.0' }],
    [
      'shared storage from another host',
      [registered({ sharedStorage: true }), pending],
      { intent: 'resume', hostId: 'h2' },
    ],
    ['the tenant that owns it', registered({ tenant: 'a' }), { tenant: 'a' }],
    ['its home host', registered({ homeHost: 'h1' }), {}],
    ['shared storage away from home', registered({ homeHost: 'h7', sharedStorage: true }), {}],
    [
      'a registered profile where that is required',
      [withPolicy({ registrationRequired: true }), registered()],
      {},
    ],
  ])('is granted: %s', (_what, moves, about) => {
    given(moves)
      .when(other(about))
      .then({ authority: [{ type: 'LeaseGranted', requestId: 'r2' }] });
  });
});

describe('the queue', () => {
  it('lets a request wait as long as it asked to, and no longer', () =>
    given(granted(), other({ waitMs: 10_000 }), elapse(9_000))
      .then({ authority: [] })
      .when(elapse(1_000))
      .then({ authority: [{ reason: 'held', requestId: 'r2' }] }));
  it('grants to who waits as soon as the profile is free', () =>
    given(granted(), other({ waitMs: 10_000 }), releaseRequested(), authorityPays).then({
      stage: 'held',
      profile: { token: 2 },
    }));
  it('is bounded: who comes too late is told', () =>
    given(withPolicy({ maxWaiters: 2 }), granted())
      .when(
        ...[2, 3, 4, 5].map((n) =>
          request(`r${n}`, { workerId: `w${n}`, incarnation: `i${n}`, waitMs: 10_000 }),
        ),
      )
      .then({
        authority: [
          { reason: 'too-many-waiters', requestId: 'r4' },
          { reason: 'too-many-waiters', requestId: 'r5' },
        ],
      }));
  it('answers no request twice', () =>
    given(granted(), other(), authorityPays)
      .when(other())
      .then({ folded: ['duplicate-request'], authority: [] }));
});
