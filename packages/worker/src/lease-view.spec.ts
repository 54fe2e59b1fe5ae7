import type { EventOf, LogRecord, WardenEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { recordOf } from './authority.fixture.ts';
import { foldView, startView } from './lease-view.ts';
import type { LeaseView } from './lease-view.ts';

const EPOCH = 10;

const grant = (over: Partial<EventOf<'LeaseGranted'>> = {}): EventOf<'LeaseGranted'> => ({
  type: 'LeaseGranted',
  epoch: EPOCH,
  token: 7,
  requestId: 'r1',
  holder: { workerId: 'w', incarnation: 'i', hostId: 'h', taskId: 't' },
  intent: 'fresh',
  leaseMs: 120_000,
  maxRuntimeMs: 1_000,
  resumeFrom: null,
  ...over,
});
const barrier = (offset: number): LogRecord => ({
  ...recordOf({ type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a' }, offset),
  profileId: null,
});
const tick = (epoch: number): LogRecord => ({
  ...recordOf({ type: 'ClockTicked', intervalMs: 1_000, epoch }),
  profileId: null,
});
const quarantined = (over: Partial<EventOf<'Quarantined'>> = {}): EventOf<'Quarantined'> => ({
  type: 'Quarantined',
  epoch: EPOCH,
  token: 7,
  round: 1,
  cause: 'operator',
  suspicionOffset: null,
  fenceTargets: [],
  ...over,
});

const fold = (records: readonly (LogRecord | WardenEvent)[], from = startView('r1', -1)): LeaseView =>
  records.reduce((view, one) => foldView(view, 'event' in one ? one : recordOf(one)), from);
const held = (): LeaseView => fold([barrier(EPOCH), recordOf(grant(), 20)]);

describe('a request', () => {
  it('becomes a lease by the grant with its id', () => {
    expect(held()).toMatchObject({
      status: 'held',
      stop: null,
      grant: { token: 7, offset: 20, epoch: EPOCH },
    });
  });

  it('is not answered by a grant to somebody else', () => {
    expect(fold([grant({ requestId: 'r2' })])).toMatchObject({ status: 'requested' });
  });

  it('is not answered by an authority older than the barrier that was seen', () => {
    expect(fold([barrier(11), grant()])).toMatchObject({ status: 'requested' });
  });

  it('is not answered by an authority older than the epoch that a tick carries', () => {
    expect(fold([tick(11), grant()])).toMatchObject({ status: 'requested' });
  });

  it('is denied with everything the authority said', () => {
    const denial: EventOf<'LeaseDenied'> = {
      type: 'LeaseDenied',
      epoch: EPOCH,
      requestId: 'r1',
      reason: 'retired',
      state: 'retired',
      holder: null,
      token: null,
      since: 5,
      nextAction: 'reopen it',
      retryAfterMs: 0,
    };
    expect(fold([denial])).toMatchObject({ status: 'denied', denial: { reason: 'retired', since: 5 } });
    expect(fold([{ ...denial, requestId: 'r2' }])).toMatchObject({ status: 'requested' });
    expect(fold([barrier(11), denial])).toMatchObject({ status: 'requested' });
    expect(fold([denial, grant()])).toMatchObject({ status: 'denied' });
  });
});

describe('a held lease', () => {
  const stale: EventOf<'StaleTokenRejected'> = {
    type: 'StaleTokenRejected',
    epoch: EPOCH,
    presentedToken: 7,
    currentToken: 8,
    presented: 'Heartbeat',
    presentedOffset: 25,
  };

  it.each([
    ['quarantined', quarantined()],
    ['resume-expired', { type: 'ResumeExpired', epoch: EPOCH, token: 7, round: 2 } as const],
    ['stale-token', stale],
    ['superseded', grant({ token: 8, requestId: 'r9' })],
  ])('is lost: %s', (cause, event) => {
    expect(fold([event], held())).toMatchObject({ status: 'lost', cause, grant: { token: 7 } });
  });

  it.each([
    ['a quarantine of another token', quarantined({ token: 6 })],
    ['a quarantine by an older authority', quarantined({ epoch: 9 })],
    ['a stale notice about another token', { ...stale, presentedToken: 6 }],
    ['its own grant once more', grant()],
    ['a grant by an older authority', grant({ epoch: 9, token: 8, requestId: 'r9' })],
    ['a release of another token', { type: 'LeaseReleased', epoch: EPOCH, token: 6, round: null } as const],
  ])('is not touched by %s', (_, event) => {
    expect(fold([event], held())).toEqual(held());
  });

  it('lives on when another authority takes over', () => {
    expect(fold([barrier(30)], held())).toMatchObject({ status: 'held', epoch: 30 });
  });

  it('does not listen to the authority that was taken over', () => {
    expect(fold([barrier(30), quarantined()], held())).toMatchObject({ status: 'held' });
    expect(fold([barrier(30), quarantined({ epoch: 30 })], held())).toMatchObject({ status: 'lost' });
  });

  it('is void when a tick shows that its authority had been taken over before the grant', () => {
    expect(fold([tick(15)], held())).toMatchObject({ status: 'lost', cause: 'grant-void' });
    expect(fold([tick(25)], held())).toMatchObject({ status: 'held' });
  });

  it('is asked to stop once', () => {
    const stop: EventOf<'StopRequested'> = {
      type: 'StopRequested',
      epoch: EPOCH,
      token: 7,
      reason: 'host-draining',
      graceMs: 60_000,
    };
    const asked = fold([stop], held());
    expect(asked).toMatchObject({ stop: { reason: 'host-draining', graceMs: 60_000 } });
    expect(fold([{ ...stop, graceMs: 1 }], asked)).toEqual(asked);
    expect(fold([{ ...stop, token: 6 }], held())).toEqual(held());
  });

  it('is released, and stays so whatever comes later', () => {
    const released = fold([{ type: 'LeaseReleased', epoch: EPOCH, token: 7, round: null }], held());
    expect(released).toMatchObject({ status: 'released' });
    expect(fold([quarantined(), stale, grant({ token: 8, requestId: 'r9' })], released)).toEqual(released);
  });
});
