import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;

describe('parts that go away and come back', () => {
  const opened = useFaultWorld();

  it('the broker, killed and started again: workers pause, nobody loses a lease, all goes on', async () => {
    const { world } = opened;
    const fleet = world.fleet('broker-killed', { holdMs: 1_000 });
    await fleet.grants(12, BOUND_MS);
    await world.stack.killPart('kafka');
    await sleep(3_000);
    await world.stack.restartPart('kafka');
    await fleet.grants(12, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told.lost).toBe(0);
    await world.expectSound(told.released);
  });

  it('the network to the broker, gone for longer than a session', async () => {
    const { world } = opened;
    const fleet = world.fleet('network-gone', { holdMs: 1_000 });
    await fleet.grants(12, BOUND_MS);
    world.proxy.disconnect();
    await sleep(6_000);
    world.proxy.heal();
    await fleet.grants(12, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told.lost).toBe(0);
    await world.expectSound(told.released);
  });

  it('the registry: everybody goes on with the schemas that they know', async () => {
    const { world } = opened;
    const fleet = world.fleet('no-registry');
    await fleet.grants(12, BOUND_MS);
    await world.stack.killPart('registry');
    await fleet.grants(40, BOUND_MS);
    await world.stack.restartPart('registry');
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });

  it('PostgreSQL, killed while the projector writes: leases go on, and a quarantine waits for its fence', async () => {
    const { world } = opened;
    const fleet = world.fleet('no-database');
    const doomed = world.fleet('doomed', { profileIds: ['doomed-1'], concurrency: 1, holdMs: 60_000 });
    await Promise.all([fleet.grants(12, BOUND_MS), doomed.grants(1, BOUND_MS)]);
    await world.stack.killPart('postgres');
    await doomed.kill();
    await fleet.grants(20, BOUND_MS);
    await world.untilLogged('the quarantine', ({ records }) =>
      records.some(({ event, profileId }) => event.type === 'Quarantined' && profileId === 'doomed-1'),
    );
    await sleep(2_000);
    const isConfirmed = ({
      records,
    }: {
      records: readonly { event: { type: string }; profileId: string | null }[];
    }) => records.some(({ event, profileId }) => event.type === 'FenceConfirmed' && profileId === 'doomed-1');
    expect(await world.isLogged(isConfirmed)).toBe(false);
    await world.stack.restartPart('postgres');
    await world.untilLogged('the fence', isConfirmed);
    await world.untilLogged('the decision', ({ records }) =>
      records.some(({ event, profileId }) => event.type === 'Decided' && profileId === 'doomed-1'),
    );
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });
});
