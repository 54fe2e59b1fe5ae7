import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { AcquireTimeoutError, InvalidInputError, LeaseDeniedError } from './errors.ts';
import { settle } from './memory-log.fixture.ts';

const ask = { profileId: 'p1', taskId: 't1' };

describe('a worker that starts', () => {
  it('announces its run in every partition before anything else', async () => {
    const { log } = await startBench();
    const started = log.records.filter(({ event }) => event.type === 'WorkerStarted');
    expect(started.map(({ partition, profileId }) => ({ partition, profileId }))).toEqual([
      { partition: 0, profileId: null },
      { partition: 1, profileId: null },
    ]);
    expect(log.following).toEqual([]);
  });
});

describe('acquire', () => {
  it('resolves only after the first heartbeat was read back', async () => {
    const { log, authority, worker } = await startBench();
    let granted = false;
    const asked = worker.acquire(ask).then((lease) => ((granted = true), lease));
    await settle();
    log.hold();
    authority.grant('p1');
    log.letGo();
    log.hold();
    await settle();
    expect(log.of('Heartbeat')).toMatchObject([
      { token: 1, seq: 1, incarnation: 'inc1', browser: 'starting' },
    ]);
    expect(granted).toBe(false);
    log.letGo();
    const lease = await asked;
    expect(lease).toMatchObject({ token: 1, profileId: 'p1', resumeFrom: null, paused: false });
    expect(lease.canAct()).toBe(true);
  });

  it('tells where in the log the grant is, for a fence that may not have come that far', async () => {
    const { log, authority, lease } = await startBench();
    authority.keyed('p1', { type: 'LeaseReleased', epoch: 0, token: 1, round: null });
    const held = await lease();
    const grant = log.records.find(({ event }) => event.type === 'LeaseGranted');
    expect(grant?.offset).toBeGreaterThan(1);
    expect(held.grantOffset).toBe(grant?.offset);
  });

  it('says who is asking, so that a collector can recognise the process', async () => {
    const { log, authority, worker } = await startBench();
    const asked = worker.acquire({
      ...ask,
      intent: 'resume',
      proxyId: 'x',
      browser: { kind: 'chromium', version: '140.0' },
    });
    await settle();
    expect(log.of('LeaseRequested')).toMatchObject([
      {
        requestId: 'inc1:1',
        workerId: 'w1',
        hostId: 'h1',
        bootId: 'b1',
        pid: 7,
        processStart: 99,
        pidNamespace: 'pid:[1]',
        intent: 'resume',
        waitMs: 0,
        proxyId: 'x',
        browserKind: 'chromium',
        browserVersion: '140.0',
        maxRuntimeMs: null,
      },
    ]);
    authority.grant('p1');
    await asked;
  });

  it('rejects with what the authority said', async () => {
    const { authority, worker, log } = await startBench();
    const asked = worker.acquire(ask);
    await settle();
    authority.deny('p1', 5_000);
    const error: unknown = await asked.catch((e: unknown) => e);
    expect(error).toBeInstanceOf(LeaseDeniedError);
    expect(error).toMatchObject({
      code: 'lease-busy',
      kind: 'retryable',
      reason: 'held',
      state: 'held',
      token: 4,
      holder: { workerId: 'other' },
      retryAfterMs: 5_000,
    });
    await settle();
    expect(log.following).toEqual([]);
  });

  it('calls a denial without a time to come back terminal', async () => {
    const { authority, worker } = await startBench();
    const asked = worker.acquire(ask);
    await settle();
    authority.deny('p1', 0);
    await expect(asked).rejects.toMatchObject({ code: 'lease-denied', kind: 'terminal' });
  });

  it('ignores the grant of an authority that was taken over', async () => {
    const { authority, worker } = await startBench();
    const asked = worker.acquire(ask);
    await settle();
    const partition = 'p1'.length % 2;
    authority.keyless(partition, { type: 'ClockTicked', intervalMs: 1_000, epoch: authority.epoch + 1 });
    authority.grant('p1');
    await settle();
    authority.epoch += 1;
    authority.grant('p1', { token: 9 });
    expect((await asked).token).toBe(9);
  });

  it('gives up after waitMs and answerTimeoutMs, and releases a grant that comes later', async () => {
    const { log, clock, authority, worker, notices } = await startBench();
    const asked = worker.acquire({ ...ask, waitMs: 60_000 }).catch((e: unknown) => e);
    await clock.advance(89_999);
    authority.keyless(0, { type: 'ClockTicked', intervalMs: 1_000, epoch: 0 });
    await clock.advance(1);
    expect(await asked).toBeInstanceOf(AcquireTimeoutError);
    authority.grant('p1');
    await settle();
    expect(log.of('Heartbeat')).toEqual([]);
    expect(log.of('ReleaseRequested')).toMatchObject([
      { token: 1, outcome: 'cancelled', browserClosed: 'confirmed' },
    ]);
    expect(notices).toContainEqual({ type: 'late-grant', profileId: 'p1', token: 1 });
    authority.released('p1', 1);
    await settle();
    expect(log.following).toEqual([]);
  });

  it('stops listening for a late grant after a while', async () => {
    const { log, clock, worker } = await startBench();
    const asked = worker.acquire(ask).catch((e: unknown) => e);
    await clock.advance(30_000);
    await asked;
    expect(log.following).toHaveLength(1);
    await clock.advance(90_000);
    expect(log.following).toEqual([]);
  });

  it('releases a grant that comes after its signal aborted', async () => {
    const { log, authority, worker } = await startBench();
    const stop = new AbortController();
    const asked = worker.acquire({ ...ask, signal: stop.signal });
    await settle();
    stop.abort(new Error('user left'));
    await expect(asked).rejects.toMatchObject({ code: 'acquire-aborted' });
    authority.grant('p1');
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([{ token: 1, browserClosed: 'confirmed' }]);
  });

  it('releases a lease whose heartbeats never come back', async () => {
    const { log, clock, authority, worker } = await startBench();
    const asked = worker.acquire(ask).catch((e: unknown) => e);
    await settle();
    log.fail('lost', ({ type }) => type === 'Heartbeat');
    authority.grant('p1');
    await clock.advance(30_000);
    expect(await asked).toMatchObject({ code: 'acquire-timeout', kind: 'retryable' });
    expect(log.of('ReleaseRequested')).toMatchObject([{ browserClosed: 'confirmed' }]);
  });

  it('rejects when the lease was revoked before its first heartbeat came back, and says nothing was launched', async () => {
    const { log, authority, worker } = await startBench();
    const asked = worker.acquire(ask).catch((e: unknown) => e);
    await settle();
    authority.quarantine('p1', authority.grant('p1'));
    expect(await asked).toMatchObject({ code: 'lease-lost', lossCause: 'quarantined' });
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([{ token: 1, browserClosed: 'confirmed' }]);
  });

  it('sends nothing when its signal is aborted already', async () => {
    const { log, worker } = await startBench();
    const asked = worker.acquire({ ...ask, signal: AbortSignal.abort() });
    await expect(asked).rejects.toMatchObject({ code: 'acquire-aborted' });
    expect(log.of('LeaseRequested')).toEqual([]);
  });

  it('rejects when the request may not have been written, and releases what comes of it', async () => {
    const { log, authority, worker } = await startBench();
    log.fail('written-but-unknown', ({ type }) => type === 'LeaseRequested');
    await expect(worker.acquire(ask)).rejects.toMatchObject({ code: 'log-unavailable', kind: 'retryable' });
    authority.grant('p1');
    await settle();
    expect(log.of('ReleaseRequested')).toHaveLength(1);
  });

  it('tries the partition again after it could not be followed', async () => {
    const { log, worker, lease } = await startBench({ maxLeases: 1 });
    log.failFollow();
    await expect(worker.acquire(ask)).rejects.toMatchObject({ code: 'log-unavailable' });
    await settle();
    log.heal();
    expect((await lease()).canAct()).toBe(true);
  });

  it('refuses a lease too short for its own margin', async () => {
    const { log, authority, worker } = await startBench();
    const asked = worker.acquire(ask).catch((e: unknown) => e);
    await settle();
    authority.grant('p1', { leaseMs: 30_000 });
    expect(await asked).toMatchObject({ code: 'margin-too-large', kind: 'terminal' });
    await settle();
    expect(log.of('Heartbeat')).toEqual([]);
    expect(log.of('ReleaseRequested')).toMatchObject([{ browserClosed: 'confirmed' }]);
  });

  it('bounds how many leases one process holds and asks for', async () => {
    const { worker, lease } = await startBench({ maxLeases: 1 });
    await lease();
    await expect(worker.acquire({ ...ask, profileId: 'p22' })).rejects.toMatchObject({
      code: 'too-many-leases',
      kind: 'retryable',
    });
  });

  it('follows a partition once for all its leases, and not longer than the last', async () => {
    const { log, authority, lease } = await startBench();
    const first = await lease('p1');
    const second = await lease('p2');
    expect(log.follows).toEqual([0]);
    const ended = Promise.all([first, second].map((one) => one.release({ browserClosed: 'confirmed' })));
    await settle();
    authority.released('p1', 1);
    await settle();
    expect(log.following).toEqual([0]);
    authority.released('p2', 2);
    expect(await ended).toEqual([{ ended: 'released' }, { ended: 'released' }]);
    expect(log.following).toEqual([]);
  });
});

describe('bad input', () => {
  it.each([
    ['profileId', { ...ask, profileId: '' }],
    ['profileId', { ...ask, profileId: 'x'.repeat(129) }],
    ['taskId', { profileId: 'p1' } as typeof ask],
    ['waitMs', { ...ask, waitMs: -1 }],
    ['waitMs', { ...ask, waitMs: 1.5 }],
    ['maxRuntimeMs', { ...ask, maxRuntimeMs: 0 }],
    ['intent', { ...ask, intent: 'steal' as 'fresh' }],
    ['browser.version', { ...ask, browser: { kind: 'firefox' as const, version: 'x'.repeat(65) } }],
  ])('names the field %s, its value and its bound, and sends nothing', async (field, options) => {
    const { log, worker } = await startBench();
    const error: unknown = await worker.acquire(options).catch((e: unknown) => e);
    expect(error).toBeInstanceOf(InvalidInputError);
    expect(error).toMatchObject({ field, code: 'invalid-input', kind: 'terminal' });
    expect((error as InvalidInputError).message).toContain((error as InvalidInputError).bound);
    expect(log.of('LeaseRequested')).toEqual([]);
  });

  it('is refused in the options of the worker as well', async () => {
    await expect(startBench({ heartbeatEveryMs: 0 })).rejects.toMatchObject({ field: 'heartbeatEveryMs' });
    await expect(startBench({ workerId: '' })).rejects.toMatchObject({ field: 'workerId' });
  });
});
