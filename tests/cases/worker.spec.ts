/** Cases about what the SDK in a worker does when its lease is in doubt, with the services as they are behind it. */
import { quarantineRequested } from '@profile-warden/testkit/spec';
import { LeaseLostError, type Lease } from '@profile-warden/worker';
import { describe, expect, it } from 'vitest';
import { WORKER_LIMIT_MS } from './field-policy.fixture.ts';
import { FieldWorld, type FieldWorker } from './field-world.fixture.ts';

const LIMIT_SECONDS = WORKER_LIMIT_MS / 1_000;

const holding = async (): Promise<{ world: FieldWorld; w7: FieldWorker; lease: Lease; calls: string[] }> => {
  const world = await FieldWorld.start();
  const w7 = await world.worker('w7');
  const lease = await world.lease(w7);
  const calls: string[] = [];
  lease.onPause(() => calls.push('pause'));
  lease.onResume(() => calls.push('resume'));
  lease.signal.addEventListener('abort', () => calls.push('lost'));
  return { world, w7, lease, calls };
};

/** Seconds from now until the lease may not act any more. */
const secondsOfActing = async (world: FieldWorld, lease: Lease): Promise<number> => {
  let seconds = 0;
  for (; lease.canAct() && seconds < 200; seconds += 1) await world.pass(1);
  return seconds;
};

const stage = (world: FieldWorld): string => world.profile().stage.kind;

describe('a worker that loses its lease', () => {
  it('C26 is told, closes and releases in order, and what it was at is in the log', async () => {
    const { world, lease, calls } = await holding();
    const step = lease.step(
      'fill the form',
      { kind: 'reversible', url: 'https://shop.example/form' },
      ({ signal }) =>
        new Promise((_, reject) => signal.addEventListener('abort', () => reject(new Error('stopped')))),
    );
    step.catch(() => undefined);
    await world.pass(1);
    world.say(quarantineRequested(1));
    await world.pass(1);
    expect(calls).toEqual(['lost']);
    await expect(step).rejects.toBeInstanceOf(LeaseLostError);
    const released = lease.release({ browserClosed: 'confirmed' });
    await world.pass(1);
    expect(await released).toEqual({ ended: 'quarantined' });
    expect(world.profile().history.lastStep).toMatchObject({
      name: 'fill the form',
      url: 'https://shop.example/form',
    });
  });

  it('C84 does nothing more under it: every later step is refused before it is sent', async () => {
    const { world, lease } = await holding();
    world.say(quarantineRequested(1));
    await world.pass(1);
    const before = world.of('StepStarted').length;
    let clicks = 0;
    for (const kind of ['read', 'sensitive'] as const)
      await expect(lease.step('click', { kind }, () => (clicks += 1))).rejects.toBeInstanceOf(LeaseLostError);
    await world.pass(10);
    expect({ clicks, sent: world.of('StepStarted').length }).toEqual({ clicks: 0, sent: before });
    await world.pass(150);
    expect(stage(world)).toBe('manual-review');
  });
});

describe('a worker whose heartbeats fail', () => {
  it('C43 goes on when the next one comes through', async () => {
    const { world, w7, lease, calls } = await holding();
    w7.log.isRefusing = true;
    await world.pass(8);
    w7.log.isRefusing = false;
    await world.pass(60);
    expect(w7.notices.map(({ type }) => type)).toContain('heartbeat-failed');
    expect(calls).toEqual([]);
    expect(lease.canAct()).toBe(true);
  });

  it('C43 stops at the limit counted from the last one that came back, and not before', async () => {
    const { world, w7, lease, calls } = await holding();
    w7.log.isRefusing = true;
    const seconds = await secondsOfActing(world, lease);
    expect(seconds).toBeGreaterThan(LIMIT_SECONDS - 6);
    expect(seconds).toBeLessThanOrEqual(LIMIT_SECONDS);
    expect(calls).toEqual(['pause']);
    expect(stage(world)).toBe('suspected-stale');
  });
});

describe('a worker that is cut off', () => {
  it('C45 stops by its own clock, though nobody can tell it anything', async () => {
    const { world, w7, lease } = await holding();
    w7.line.pause();
    expect(await secondsOfActing(world, lease)).toBeLessThanOrEqual(LIMIT_SECONDS);
    expect(world.of('Quarantined')).toEqual([]);
    await world.pass(30);
    expect(lease.canAct()).toBe(false);
  });

  it('C51 is told to set its browser offline within a second of the limit, while a send hangs', async () => {
    const { world, w7, lease, calls } = await holding();
    const silentFrom = world.profile().pulse?.heartbeat?.logMs ?? 0;
    w7.line.pause();
    while (lease.canAct()) await world.pass(0.1);
    await world.pass(1);
    expect(calls).toEqual(['pause']);
    expect(world.state().logMs - silentFrom).toBeLessThanOrEqual(WORKER_LIMIT_MS + 2_000);
  });
});

describe('a worker that stood still', () => {
  it('C38 for longer than its limit takes that for loss before it asks: no action goes out', async () => {
    const { world, w7, lease } = await holding();
    w7.process.pause();
    await world.pass(LIMIT_SECONDS + 6);
    expect(stage(world)).toBe('suspected-stale');
    let clicks = 0;
    expect(lease.canAct()).toBe(false);
    const step = lease.step('click', { kind: 'sensitive', whenPaused: 'reject' }, () => (clicks += 1));
    await expect(step).rejects.toMatchObject({ code: 'lease-paused' });
    w7.process.resume();
    await world.pass(2);
    expect({ clicks, steps: world.of('StepStarted') }).toEqual({ clicks: 0, steps: [] });
    // The beat came in time: the suspicion is taken back, and only then it may act again.
    expect(stage(world)).toBe('held');
    expect(lease.canAct()).toBe(true);
  });

  it('C27 for ten minutes, as in a closed laptop, learns that it was replaced before it does anything', async () => {
    const { world, w7, lease, calls } = await holding();
    await lease.checkpoint('start', { stored: 'server' });
    const w8 = await world.worker('w8');
    w7.process.pause();
    await world.pass(150);
    const next = await world.lease(w8, { intent: 'resume' });
    await world.pass(450);
    expect(lease.canAct()).toBe(false);
    const step = lease.step('click', { kind: 'sensitive' }, () => 'clicked');
    step.catch(() => undefined);
    w7.process.resume();
    await world.pass(10);
    await expect(step).rejects.toBeInstanceOf(LeaseLostError);
    expect(calls).toContain('lost');
    expect(next.canAct()).toBe(true);
    expect(world.profile()).toMatchObject({ stage: { kind: 'held' }, token: 2, dualUse: null });
  });
});

describe('a clock that jumps', () => {
  it('C67 back, or ahead, costs no lease: ahead, the worker asks before it acts again', async () => {
    const { world, w7, lease, calls } = await holding();
    w7.clock.jumpWall(-3_600_000);
    await world.pass(60);
    expect(calls).toEqual([]);
    w7.clock.jumpWall(7_200_000);
    expect(lease.canAct()).toBe(false);
    await world.pass(6);
    expect(lease.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
    expect(world.of('SuspectedStale')).toEqual([]);
  });

  it('C67 back does not make a worker that is cut off believe for longer', async () => {
    const { world, w7, lease } = await holding();
    w7.line.pause();
    w7.clock.jumpWall(-3_600_000);
    expect(await secondsOfActing(world, lease)).toBeLessThanOrEqual(LIMIT_SECONDS);
  });

  it('C67 by a night’s sleep that the monotonic clock has not counted is found out all the same', async () => {
    const { world, w7, lease } = await holding();
    w7.process.pause();
    await world.pass(700);
    w7.clock.sleepThrough(695_000);
    expect(lease.canAct()).toBe(false);
    w7.process.resume();
    await world.pass(10);
    expect(lease.signal.reason).toBeInstanceOf(LeaseLostError);
  });
});
