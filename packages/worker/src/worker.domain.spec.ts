import { describe, expect, it } from 'vitest';
import { DomainBench } from './domain-services.fixture.ts';
import { NotApplied } from './errors.ts';
import type { Lease } from './lease.ts';
import type { AcquireOptions } from './lease-options.ts';
import { Worker } from './worker.ts';

const ask = { profileId: 'p1', taskId: 't1' };

async function hold(bench: DomainBench, worker: Worker, over: Partial<AcquireOptions> = {}): Promise<Lease> {
  const asked = worker.acquire({ ...ask, ...over });
  await bench.calm();
  return asked;
}

async function giveBack(bench: DomainBench, lease: Lease): Promise<string> {
  const ended = lease.release({ browserClosed: 'confirmed' });
  await bench.calm();
  return (await ended).ended;
}

describe('a worker under the real rules', () => {
  it('gets a free profile and gives it back', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    lease.browserState(() => 'reachable');
    expect(await lease.step('send', { kind: 'sensitive', final: true }, () => 'sent')).toBe('sent');
    await bench.advance(300_000);
    expect(lease.canAct()).toBe(true);
    expect(bench.stageOf('p1')).toBe('held');
    expect(await giveBack(bench, lease)).toBe('released');
    expect(bench.stageOf('p1')).toBe('available');
    expect(bench.log.of('StaleTokenRejected')).toEqual([]);
  });

  it('that never says how its browser is loses the profile', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    await bench.advance(300_000);
    expect(lease.signal.reason).toMatchObject({ lossCause: 'quarantined' });
    expect(bench.log.of('Quarantined')).toMatchObject([{ cause: 'never-ready' }]);
  });

  it('waits for another worker, and is told at once where it does not want to wait', async () => {
    const bench = new DomainBench();
    const { worker: first } = await bench.worker('w1');
    const { worker: second } = await bench.worker('w2');
    const lease = await hold(bench, first);
    const refused = second.acquire(ask).catch((e: unknown) => e);
    await bench.calm();
    expect(await refused).toMatchObject({ reason: 'held', holder: { workerId: 'w1' }, token: 1 });
    const waiting = second.acquire({ ...ask, waitMs: 60_000 });
    await bench.advance(5_000);
    await giveBack(bench, lease);
    await bench.calm();
    expect((await waiting).token).toBe(2);
    expect(lease.canAct()).toBe(false);
  });

  it('is told when it holds the profile already', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    await hold(bench, worker);
    const again = worker.acquire(ask).catch((e: unknown) => e);
    await bench.calm();
    expect(await again).toMatchObject({ reason: 'already-yours', token: 1 });
  });

  it('that gave up waiting leaves the profile free', async () => {
    const bench = new DomainBench();
    const { worker: first } = await bench.worker('w1');
    const { worker: second } = await bench.worker('w2');
    const lease = await hold(bench, first);
    const stop = new AbortController();
    const waiting = second.acquire({ ...ask, waitMs: 60_000, signal: stop.signal }).catch((e: unknown) => e);
    await bench.calm();
    stop.abort();
    expect(await waiting).toMatchObject({ code: 'acquire-aborted' });
    await giveBack(bench, lease);
    await bench.calm();
    expect(bench.log.of('LeaseGranted')).toHaveLength(2);
    expect(bench.log.of('LeaseReleased')).toHaveLength(2);
    expect(bench.stageOf('p1')).toBe('available');
  });

  it('that is cut off has stopped before its token is revoked, and learns of it later', async () => {
    const bench = new DomainBench();
    const { worker, log } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    log.fail('lost');
    log.hold();
    while (lease.canAct()) await bench.advance(1_000);
    expect(bench.log.of('Quarantined')).toEqual([]);
    await bench.advance(60_000);
    expect(bench.stageOf('p1')).toBe('quarantined');
    expect(lease.signal.aborted).toBe(false);
    log.heal();
    log.letGo();
    await bench.advance(5_000);
    expect(lease.signal.reason).toMatchObject({ code: 'lease-lost', lossCause: 'quarantined' });
    expect(await giveBack(bench, lease)).toBe('quarantined');
  });

  it('that is cut off for a short while keeps its profile', async () => {
    const bench = new DomainBench();
    const { worker, log } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    log.fail('lost');
    await bench.advance(80_000);
    expect(bench.stageOf('p1')).toBe('suspected-stale');
    log.heal();
    await bench.advance(10_000);
    expect(bench.stageOf('p1')).toBe('held');
    expect(lease.canAct()).toBe(true);
  });

  it('is asked to stop at the end of its run time, and may do so in order', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    const lease = await hold(bench, worker, { maxRuntimeMs: 30_000 });
    lease.browserState(() => 'reachable');
    const ended: unknown[] = [];
    lease.onStopRequested(async ({ reason }) => {
      await lease.checkpoint('so far', { stored: 'server' });
      ended.push(reason, await lease.release({ outcome: 'cancelled', browserClosed: 'confirmed' }));
    });
    await bench.advance(31_000);
    expect(ended).toEqual(['runtime-exceeded', { ended: 'released' }]);
  });

  it('with a step of unknown outcome cannot give the profile back', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    await lease
      .step('pay', { kind: 'side-effect' }, () => Promise.reject(new Error('?')))
      .catch(() => undefined);
    expect(await giveBack(bench, lease)).toBe('quarantined');
    expect(bench.log.of('Quarantined')).toMatchObject([{ cause: 'unsettled-step' }]);
  });

  it('can, with steps that were not applied, were only reversible, or never came to act', async () => {
    const bench = new DomainBench();
    const { worker, log } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    const fail = (error: Error) => () => Promise.reject(error);
    await lease.step('a', { kind: 'sensitive' }, fail(new NotApplied())).catch(() => undefined);
    await lease.step('b', { kind: 'reversible' }, fail(new Error('half'))).catch(() => undefined);
    log.fail('written-but-unknown', ({ type }) => type === 'StepStarted', 1);
    await lease.step('c', { kind: 'side-effect' }, () => 1).catch(() => undefined);
    expect(await giveBack(bench, lease)).toBe('released');
  });

  it('that restarts ends the lease of its former run', async () => {
    const bench = new DomainBench();
    const { worker } = await bench.worker('w1');
    const lease = await hold(bench, worker);
    const log = bench.log.peer();
    const host = { hostId: 'host-w1', bootId: 'b1', pid: 8, processStart: 1, pidNamespace: '' };
    await Worker.start({ log, clock: bench.clock, host, randomId: () => 'inc-w1-again' }, { workerId: 'w1' });
    await bench.advance(1_000);
    expect(lease.signal.reason).toMatchObject({ lossCause: 'quarantined' });
    expect(bench.log.of('Quarantined')).toMatchObject([{ cause: 'worker-restarted' }]);
  });
});
