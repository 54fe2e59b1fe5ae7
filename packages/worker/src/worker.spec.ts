import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import { MemoryLog, VirtualClock, settle } from './memory-log.fixture.ts';
import { Worker } from './worker.ts';

const host = { hostId: 'h1', bootId: 'b1', pid: 7, processStart: 99, pidNamespace: '' };

describe('a worker whose log does not answer', () => {
  it.each(['lost', 'hangs'] as const)('does not start (%s)', async (fault) => {
    const log = new MemoryLog();
    const clock = new VirtualClock();
    log.fail(fault);
    const ports = { log, clock, host, randomId: () => 'inc1' };
    const started = Worker.start(ports, { workerId: 'w1' }).catch((e: unknown) => e);
    await clock.advance(30_000);
    expect(await started).toMatchObject({ code: 'log-unavailable', kind: 'retryable' });
  });
});

describe('heartbeats', () => {
  it('of all leases of a process go out in one send per interval', async () => {
    const { log, clock, lease } = await startBench();
    for (const profileId of ['p1', 'p22', 'p3', 'p44', 'p5']) {
      await lease(profileId);
      await clock.advance(700);
    }
    const before = log.sends.length;
    await clock.advance(30_000);
    expect(log.sends.slice(before)).toEqual([5, 5, 5]);
  });

  it('carry what the browser answered, each time anew', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    const answers = ['reachable', 'unreachable', 'closed'] as const;
    let asked = 0;
    held.browserState(() => answers[asked++] ?? 'starting');
    await clock.advance(30_000);
    expect(log.of('Heartbeat').map(({ browser }) => browser)).toEqual(['starting', ...answers]);
    held.browserClosed();
    await clock.advance(10_000);
    expect(log.of('Heartbeat').at(-1)).toMatchObject({ browser: 'closed' });
    expect(asked).toBe(3);
  });

  it('call a browser unreachable that does not answer in time, and ask it no second time meanwhile', async () => {
    const { log, clock, lease } = await startBench();
    const held = await lease();
    let asked = 0;
    held.browserState(() => {
      asked += 1;
      return new Promise(() => undefined);
    });
    await clock.advance(33_000);
    expect(log.of('Heartbeat').map(({ browser }) => browser)).toEqual([
      'starting',
      'unreachable',
      'unreachable',
      'unreachable',
    ]);
    expect(asked).toBe(1);
  });

  it('call a browser unreachable whose question fails or is answered with nonsense', async () => {
    const { log, clock, lease, notices } = await startBench();
    const held = await lease();
    held.browserState(() => Promise.reject(new Error('target closed')));
    await clock.advance(10_000);
    held.browserState(() => 'alive' as 'reachable');
    await clock.advance(10_000);
    expect(log.of('Heartbeat').map(({ browser }) => browser)).toEqual([
      'starting',
      'unreachable',
      'unreachable',
    ]);
    expect(notices.filter(({ type }) => type === 'callback-failed')).toHaveLength(2);
  });

  it('carry how late the event loop was', async () => {
    const { log, clock, lease, notices } = await startBench();
    await lease();
    await clock.advance(9_400);
    clock.freeze(3_000);
    await clock.advance(1_000);
    const lagMs = log.of('Heartbeat').at(-1)?.loopLagMs ?? 0;
    expect(lagMs).toBeGreaterThanOrEqual(2_500);
    expect(notices).toContainEqual({ type: 'loop-lag', lagMs });
  });

  it('all carry it, also of leases whose browsers answer in another turn', async () => {
    const { log, clock, lease } = await startBench();
    await lease('p1');
    const slower = await lease('p2');
    slower.browserState(() => settle().then(() => 'reachable'));
    await clock.advance(9_400);
    clock.freeze(3_000);
    await clock.advance(1_000);
    const lags = log.of('Heartbeat').slice(-2);
    expect(lags.map(({ browser }) => browser)).toEqual(['starting', 'reachable']);
    expect(lags.every(({ loopLagMs }) => loopLagMs >= 2_500)).toBe(true);
  });
});

describe('an announced silence', () => {
  it('is written as it is', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    await held.announceSilence(95_000);
    expect(log.of('SilenceAnnounced')).toMatchObject([{ token: 1, silenceMs: 95_000 }]);
  });

  it('is not longer than the lease allows the worker itself', async () => {
    const { log, lease } = await startBench();
    const held = await lease();
    await expect(held.announceSilence(95_001)).rejects.toMatchObject({ code: 'invalid-input', field: 'ms' });
    expect(log.of('SilenceAnnounced')).toEqual([]);
  });
});

describe('a request to stop', () => {
  it('reaches callbacks registered before it and after it', async () => {
    const { authority, lease } = await startBench();
    const held = await lease();
    const seen: unknown[] = [];
    held.onStopRequested((stop) => seen.push(stop));
    authority.keyed('p1', {
      type: 'StopRequested',
      epoch: 0,
      token: 1,
      reason: 'runtime-exceeded',
      graceMs: 60_000,
    });
    await settle();
    held.onStopRequested((stop) => seen.push(stop));
    expect(seen).toEqual(Array(2).fill({ reason: 'runtime-exceeded', graceMs: 60_000 }));
    expect(held.canAct()).toBe(true);
  });
});

describe('shutdown', () => {
  it('waits for stop callbacks and running steps, then releases and closes', async () => {
    const { log, authority, worker, lease } = await startBench();
    const held = await lease();
    const closing = Promise.withResolvers<undefined>();
    held.onStopRequested(async ({ reason }) => {
      expect(reason).toBe('worker-shutdown');
      await closing.promise;
      held.browserClosed();
    });
    const step = Promise.withResolvers<undefined>();
    const running = held.step('work', { kind: 'side-effect' }, () => step.promise);
    await settle();
    const done = worker.shutdown();
    await settle();
    await expect(held.step('more', { kind: 'read' }, () => 1)).rejects.toMatchObject({
      code: 'worker-closed',
    });
    await expect(worker.acquire({ profileId: 'p2', taskId: 't' })).rejects.toMatchObject({
      code: 'worker-closed',
    });
    step.resolve(undefined);
    await running;
    expect(log.of('ReleaseRequested')).toEqual([]);
    closing.resolve(undefined);
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([{ outcome: 'cancelled', browserClosed: 'confirmed' }]);
    authority.released('p1', 1);
    await done;
    expect(log.closed).toBe(true);
    expect(log.following).toEqual([]);
  });

  it('is told at once to a callback that comes later, and waits for it', async () => {
    const { log, authority, worker, lease } = await startBench();
    const held = await lease();
    const step = Promise.withResolvers<undefined>();
    const running = held.step('long', { kind: 'read' }, () => step.promise);
    await settle();
    const done = worker.shutdown();
    const stopped = Promise.withResolvers<undefined>();
    const told: unknown[] = [];
    held.onStopRequested((stop) => {
      told.push(stop);
      return stopped.promise;
    });
    expect(told).toEqual([{ reason: 'worker-shutdown', graceMs: 60_000 }]);
    step.resolve(undefined);
    await running;
    await settle();
    expect(log.of('ReleaseRequested')).toEqual([]);
    held.browserClosed();
    stopped.resolve(undefined);
    await settle();
    expect(log.of('ReleaseRequested')).toMatchObject([{ outcome: 'cancelled' }]);
    authority.released('p1', 1);
    await done;
  });

  it('lets a stop callback record a checkpoint, and nothing else that is new', async () => {
    const { log, authority, worker, lease } = await startBench();
    const held = await lease();
    const refused: unknown[] = [];
    held.onStopRequested(async () => {
      await held.step('more', { kind: 'read' }, () => 1).catch((error: unknown) => refused.push(error));
      await held.checkpoint('cart filled', { stored: 'server' });
      held.browserClosed();
    });
    const done = worker.shutdown();
    for (let turn = 0; turn < 5; turn += 1) await settle();
    expect(refused).toMatchObject([{ code: 'worker-closed' }]);
    expect(log.of('StepCompleted')).toMatchObject([{ outcome: 'ok', checkpoint: { name: 'cart filled' } }]);
    expect(log.of('ReleaseRequested')).toMatchObject([{ outcome: 'cancelled', browserClosed: 'confirmed' }]);
    authority.released('p1', 1);
    await done;
  });

  it('does not wait for ever', async () => {
    const { log, clock, worker, lease } = await startBench();
    const held = await lease();
    held.step('hang', { kind: 'side-effect' }, () => new Promise(() => undefined)).catch(() => undefined);
    held.onStopRequested(() => new Promise(() => undefined));
    const done = worker.shutdown();
    await clock.advance(60_000 + 15_000 + 15_000);
    await done;
    expect(log.of('ReleaseRequested')).toMatchObject([
      { outcome: 'cancelled', browserClosed: 'unconfirmed' },
    ]);
    expect(log.closed).toBe(true);
  });

  it('ends what waits: steps of a paused lease, and acquires', async () => {
    const { clock, worker, lease, log } = await startBench();
    const held = await lease();
    log.hold();
    clock.freeze(600_000);
    const asked = worker.acquire({ profileId: 'p22', taskId: 't', waitMs: 60_000 }).catch((e: unknown) => e);
    const step = held.step('look', { kind: 'read' }, () => 1).catch((e: unknown) => e);
    await settle();
    const done = worker.shutdown();
    await clock.advance(15_000);
    await done;
    expect(await asked).toMatchObject({ code: 'worker-closed' });
    expect(await step).toMatchObject({ code: 'worker-closed' });
  });

  it('leaves no lease behind, in whatever turn one is granted', async () => {
    for (let turns = 0; turns < 40; turns += 1) {
      const { log, clock, authority, worker } = await startBench();
      const asked = worker.acquire({ profileId: 'p1', taskId: 't' }).catch((e: unknown) => e);
      await settle();
      authority.grant('p1');
      for (let i = 0; i < turns; i += 1) await Promise.resolve();
      const done = worker.shutdown();
      await clock.advance(30_000);
      await done;
      const used = log.of('Heartbeat').length > 0 || !((await asked) instanceof Error);
      const released = log.of('ReleaseRequested').length;
      expect(released, `${turns} turns`).toBe(used ? 1 : Math.min(1, released));
    }
  });

  it('leaves nothing that beats, and is done once', async () => {
    const { log, clock, authority, worker, lease } = await startBench();
    await lease();
    const first = worker.shutdown();
    await settle();
    authority.released('p1', 1);
    await Promise.all([first, worker.shutdown()]);
    const before = log.records.length;
    await clock.advance(60_000);
    expect(log.records).toHaveLength(before);
  });
});
