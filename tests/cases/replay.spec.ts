/** Cases about restarts, lost connections and reading the log again. Times are seconds of log time. */
import { canonicalState, emptyPartition, evolve } from '@profile-warden/domain';
import type { WardenEvent } from '@profile-warden/events';
import { LOST, UNANSWERED } from '@profile-warden/testkit/memory';
import { beat, checkpoint, request, stepStarted } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { FieldWorld } from './field-world.fixture.ts';

/** What services have brought about: everything but time, takeovers and what others say. */
const brought = (world: FieldWorld): readonly string[] =>
  world.records
    .map(({ event }) => event.type)
    .filter((type) => !['ClockTicked', 'AuthorityEpochStarted', 'Heartbeat'].includes(type));

const restart = async (world: FieldWorld): Promise<void> => {
  for (const service of world.services) service.kill();
  // Until the group has given up waiting for the dead.
  await world.pass(15);
  for (const service of world.services) await service.start();
  await world.pass(15);
};

/** Held, silent, recovered, resumed, silent again, and now with a person. */
const twoCases = async (): Promise<FieldWorld> => {
  const world = await FieldWorld.start();
  await world.hold(beat(), ...checkpoint('cart'));
  await world.until(100);
  world.say(request('r2', { incarnation: 'i2', intent: 'resume' }));
  await world.pass(1);
  world.say(beat('reachable', { token: 2, incarnation: 'i2' }));
  world.say(stepStarted('pay', 'sensitive', { token: 2 }));
  await world.pass(120);
  return world;
};

describe('an authority that is started again', () => {
  it('C35 knows the lease from the log, and never gives its token a second time', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat());
    world.authority.kill();
    await world.beatUntil(20, beat());
    await world.authority.start();
    await world.beatUntil(40, beat());
    expect(world.profile()).toMatchObject({ stage: { kind: 'held' }, token: 1, lease: { requestId: 'r1' } });
    world.say({ type: 'ReleaseRequested', token: 1, outcome: 'completed', browserClosed: 'confirmed' });
    world.say(request('r2', { incarnation: 'i2' }));
    await world.pass(1);
    expect(world.of('LeaseGranted').map(({ token }) => token)).toEqual([1, 2]);
  });

  it('C35 right between its decision and the news of it answers the request once', async () => {
    const world = await FieldWorld.start();
    world.network.next('commit', UNANSWERED);
    world.say(request());
    await world.pass(0);
    world.authority.kill();
    await world.pass(15);
    await world.authority.start();
    await world.pass(15);
    expect(world.of('LeaseGranted')).toHaveLength(1);
    expect(world.profile()).toMatchObject({ token: 1, lease: { requestId: 'r1' } });
  });
});

describe('a connection that is lost', () => {
  it('C52 costs the authority its epoch and nobody a lease', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat());
    const before = world.profile();
    const { epoch } = world.state();
    for (const kind of ['init', 'produce', 'commit'] as const) world.network.always(kind, LOST);
    world.say(request('r2'), 'p2');
    await world.beatUntil(8, beat());
    expect(world.of('LeaseGranted')).toHaveLength(1);
    for (const kind of ['init', 'produce', 'commit'] as const) world.network.always(kind, null);
    await world.beatUntil(30, beat());
    expect(world.state().epoch).toBeGreaterThan(epoch);
    expect(world.profile()).toMatchObject({ stage: before.stage, token: 1, lease: before.lease });
    expect(world.of('LeaseGranted')).toMatchObject([{ requestId: 'r1' }, { requestId: 'r2' }]);
  });

  it('C52 of the detector suspects nobody for the time that it was away', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat());
    world.detector.kill();
    // Beyond a lease; the worker beats all the time, and log time stands still.
    for (let seconds = 0; seconds < 90; seconds += 5) {
      world.say(beat());
      await world.pass(5);
    }
    expect(world.logSeconds).toBeLessThan(3);
    await world.detector.start();
    await world.beatUntil(20, beat());
    expect(world.of('SuspectedStale')).toEqual([]);
  });
});

describe('reading everything again', () => {
  it('C88 writes nothing, looks at nothing and decides nothing a second time', async () => {
    const world = await twoCases();
    for (let seq = 0; seq < 10_000; seq += 1)
      world.say(beat('reachable', { token: 2, incarnation: 'i2', seq }));
    await world.pass(1);
    const { looks } = world;
    const before = brought(world);
    // Each fetch ends soon, so that every service sees each debt of the past before its payment.
    world.network.cutAt = 5;
    await restart(world);
    expect(brought(world)).toEqual(before);
    expect(world.looks).toBe(looks);
    for (const service of world.services) {
      const [view] = service.runtime.views();
      expect(view?.isLive).toBe(true);
    }
  });

  it('C88 gives every service the state that it had before, byte for byte', async () => {
    const world = await twoCases();
    await restart(world);
    const whole = canonicalState(world.state());
    for (const service of world.services)
      expect([...service.runtime.views()].map(({ state }) => canonicalState(state))).toEqual([whole]);
  });

  it('C88 still pays what was owed when everybody died', async () => {
    const world = await FieldWorld.start();
    await world.hold(beat(), ...checkpoint('cart'));
    await world.until(75);
    expect(world.profile().stage.kind).toBe('quarantined');
    await restart(world);
    await world.pass(30);
    expect(world.profile().stage).toMatchObject({ kind: 'resume-pending' });
    expect(world.of('Quarantined')).toHaveLength(1);
  });

  it('C46 decides the same whatever the clocks of workers and brokers show', async () => {
    const run = async (skewMs: number): Promise<readonly WardenEvent[]> => {
      const world = await FieldWorld.start();
      world.log.brokerSkewMs = skewMs;
      const w7 = await world.worker('w7');
      w7.clock.jumpWall(skewMs);
      const lease = await world.lease(w7);
      await lease.checkpoint('cart', { stored: 'server' });
      await world.pass(20);
      w7.process.kill();
      await world.pass(150);
      return world.records
        .map(({ event }) => event)
        .filter(
          (event): event is WardenEvent =>
            event.type === 'SuspectedStale' || event.type === 'Quarantined' || event.type === 'Decided',
        );
    };
    const exact = await run(0);
    expect(exact.map(({ type }) => type)).toEqual(['SuspectedStale', 'Quarantined', 'Decided']);
    expect(await run(-7_200_000)).toEqual(exact);
  });

  it('C86 takes the records of a profile in their order or not at all', async () => {
    const world = await twoCases();
    const [first, second, third] = world.records;
    if (first === undefined || second === undefined || third === undefined)
      throw new Error('nothing to read');
    const state = emptyPartition(0);
    for (const record of [first, third]) evolve(state, record);
    expect(() => evolve(state, second)).toThrow(RangeError);
    // Nor does a profile ever have records in two partitions.
    const p1 = { id: 'x', profileId: 'p1', event: beat() };
    expect(() => new Set([world.log.write(p1), world.log.write({ ...p1, partition: 1 })])).toThrow(
      RangeError,
    );
  });
});
