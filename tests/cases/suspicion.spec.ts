/** Cases about who may be suspected, and when. Times are seconds of log time. */
import {
  beat,
  hostReported,
  quarantineRequested,
  request,
  silenceAnnounced,
  workerStarted,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FieldWorld } from './field-world.fixture.ts';

/** A holder whose browser answered at 0. */
const held = async (about: Parameters<typeof FieldWorld.start>[0] = {}): Promise<FieldWorld> => {
  const world = await FieldWorld.start(about);
  await world.hold(beat());
  return world;
};

const stage = (world: FieldWorld): string => world.profile().stage.kind;

describe('a holder that is half dead', () => {
  it('C14 beats without an answer of the browser do not keep a lease', async () => {
    const world = await held();
    await world.beatUntil(10, beat());
    await world.beatUntil(19, beat('unreachable'));
    expect(stage(world)).toBe('held');
    await world.beatUntil(25, beat('unreachable'));
    expect(world.of('SuspectedStale')).toMatchObject([{ cause: 'browser-unreachable' }]);
    await world.beatUntil(70, beat('unreachable'));
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'browser-unreachable' }]);
  });

  it('C15 a browser that never came up is suspected when its budget is spent, and frees the profile untouched', async () => {
    const world = await FieldWorld.start();
    world.say(request());
    await world.beatUntil(44, beat('starting'));
    expect(stage(world)).toBe('held');
    await world.beatUntil(45, beat('starting'));
    expect(world.of('SuspectedStale')).toMatchObject([{ cause: 'never-ready' }]);
    await world.until(200);
    expect(world.of('Decided')).toMatchObject([{ outcome: 'available', rule: 'never-touched' }]);
  });

  it('C40 perfect beats do not hold a profile for ever', async () => {
    const world = await held();
    await world.beatUntil(1_799, beat());
    expect(world.of('StopRequested')).toEqual([]);
    await world.beatUntil(1_859, beat());
    expect(world.of('StopRequested')).toMatchObject([{ reason: 'runtime-exceeded', graceMs: 60_000 }]);
    expect(stage(world)).toBe('held');
    await world.beatUntil(1_861, beat());
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'stop-ignored' }]);
  });
});

describe('a holder that is well', () => {
  it('C21 whatever lock file lies there, a holder that beats is looked at by nobody', async () => {
    const world = await held();
    world.seen = { lockTarget: 'another-host-4242', browserAlive: 'no', workerAlive: 'no' };
    await world.beatUntil(120, beat());
    expect(stage(world)).toBe('held');
    expect(world.looks).toBe(0);
  });

  it('C29 a broker clock that jumps by hours ages no lease that is heard', async () => {
    const world = await held();
    await world.beatUntil(20, beat());
    for (const skewHours of [3, -3, 0]) {
      world.log.brokerSkewMs = skewHours * 3_600_000;
      await world.beatUntil(world.logSeconds + 14, beat());
    }
    expect(stage(world)).toBe('held');
    expect(world.of('SuspectedStale')).toEqual([]);
    expect(world.logSeconds).toBeLessThan(70);
  });

  it('C30 a busy event loop is told and suspected by nobody; beats that stay away are, and nobody else is let in', async () => {
    const world = await held();
    await world.beatUntil(60, beat('reachable', { loopLagMs: 40_000 }));
    expect(world.profile()).toMatchObject({ stage: { kind: 'held' }, pulse: { loopLagMs: 40_000 } });
    world.say(request('r2', { workerId: 'w2', incarnation: 'i2', waitMs: 60_000 }));
    await world.pass(20);
    expect(stage(world)).toBe('suspected-stale');
    expect(world.of('LeaseGranted')).toHaveLength(1);
    world.say(beat());
    await world.pass(1);
    expect(stage(world)).toBe('held');
  });

  it('C33 a task that makes no progress keeps its lease while it beats, up to its run time', async () => {
    const world = await held();
    await world.beatUntil(600, beat());
    expect(stage(world)).toBe('held');
    expect(world.of('SuspectedStale')).toEqual([]);
  });
});

describe('what others say of a holder', () => {
  it('C48 a host that is said to be gone while its worker beats frees nothing: the lease ends, and a person decides', async () => {
    const world = await held();
    await world.beatUntil(20, beat());
    world.say(hostReported('dead'), null);
    world.say(request('r2', { workerId: 'w2', incarnation: 'i2', hostId: 'h2', waitMs: 600_000 }));
    world.seen = { workerAlive: 'yes', browserAlive: 'yes' };
    await world.beatUntil(180, beat());
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'host-restarted' }]);
    expect(world.of('Decided')).toMatchObject([{ outcome: 'manual-review', rule: 'holder-alive' }]);
    expect(world.of('LeaseGranted')).toHaveLength(1);
  });

  it('C48 a holder that was heard after its host was said to be gone is not taken for gone', async () => {
    const world = await held();
    world.say(hostReported('dead'), null);
    world.seen = { workerAlive: 'unknown', browserAlive: 'unknown', sameBoot: 'unknown' };
    await world.beatUntil(20, beat());
    await world.until(180);
    expect(world.of('Decided')).toMatchObject([{ outcome: 'manual-review', rule: 'holder-unknown' }]);
  });

  it('C48 another host that goes is no matter of this lease', async () => {
    const world = await held();
    world.say(hostReported('dead', { hostId: 'h9' }), null);
    await world.beatUntil(60, beat());
    expect(stage(world)).toBe('held');
  });

  it('C54 a worker that has forgotten its leases is found out by its restart, at once, and nobody else is', async () => {
    const world = await held();
    world.say(request('r2', { workerId: 'w2', incarnation: 'i2' }), 'p2');
    await world.pass(0);
    world.say(workerStarted('i9'), null);
    await world.pass(1);
    expect(world.of('SuspectedStale')).toMatchObject([{ cause: 'worker-restarted' }]);
    expect(stage(world)).toBe('quarantined');
    expect(world.profile('p2').stage.kind).toBe('held');
  });

  it('C54 a lease whose release was lost ends by its silence', async () => {
    const world = await held();
    await world.until(60);
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'heartbeat-stopped' }]);
  });

  it('C74 a run that is declared over takes its lease along at once, though its worker beats', async () => {
    const world = await held();
    await world.beatUntil(20, beat());
    world.say(quarantineRequested(1, 'run 9 was terminated'));
    await world.pass(0);
    expect(world.of('Quarantined')).toMatchObject([{ cause: 'operator', token: 1 }]);
  });
});

describe('a silence that was planned', () => {
  it('C59 a host that is drained gives its profiles back in order and gets no new ones', async () => {
    const world = await FieldWorld.start();
    const lease = await world.lease(await world.worker('w7'));
    lease.onStopRequested(async ({ reason }) => {
      expect(reason).toBe('host-draining');
      await lease.release({ outcome: 'cancelled', browserClosed: 'confirmed' });
    });
    world.say(hostReported('draining'), null);
    await world.pass(2);
    expect(world.profile().stage).toMatchObject({ kind: 'available', why: 'released' });
    expect(world.of('SuspectedStale')).toEqual([]);
    world.say(request('here', { workerId: 'w2', incarnation: 'i2' }));
    world.say(request('there', { workerId: 'w3', incarnation: 'i3', hostId: 'h2' }));
    await world.pass(1);
    expect(world.of('LeaseDenied')).toMatchObject([{ requestId: 'here', reason: 'host-draining' }]);
    expect(world.of('LeaseGranted').at(-1)).toMatchObject({ requestId: 'there' });
  });

  it('C59 an announced silence puts suspicion off, but not beyond what the worker itself may believe', async () => {
    const world = await held();
    world.say(silenceAnnounced(1_200_000));
    await world.until(44);
    expect(stage(world)).toBe('held');
    await world.until(46);
    expect(stage(world)).toBe('suspected-stale');
  });
});
