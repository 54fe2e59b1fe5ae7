import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;

describe('processes that stand still while others go on', () => {
  const opened = useFaultWorld();

  it('F6: an authority that was stopped past its session decides nothing once it wakes', async () => {
    const { world } = opened;
    const fleet = world.fleet('two-authorities');
    await fleet.grants(20, BOUND_MS);
    const second = await world.another('second', 'lease-authority');
    await fleet.grants(20, BOUND_MS);
    const first = world.services.of('lease-authority');
    await first.kill('SIGSTOP');
    await fleet.grants(40, BOUND_MS);
    await first.kill('SIGCONT');
    await fleet.grants(40, BOUND_MS);
    await second.of('lease-authority').kill('SIGSTOP');
    await fleet.grants(40, BOUND_MS);
    await second.of('lease-authority').kill('SIGCONT');
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { checked } = await world.expectSound(told.granted);
    expect(checked.I5).toBeGreaterThan(told.granted);
    await second.stop();
  });

  it('F29: workers that were stopped past their leases come back, act no more and disturb nobody', async () => {
    const { world } = opened;
    const profileIds = ['kept-1', 'kept-2', 'kept-3', 'kept-4'];
    const stopped = world.fleet('stopped', { profileIds, concurrency: 4, holdMs: 3_000 });
    await stopped.grants(4, BOUND_MS);
    stopped.signal('SIGSTOP');
    await world.untilLogged('four quarantines', ({ records }) => {
      const quarantined = records.filter(
        ({ event, profileId }) => event.type === 'Quarantined' && profileIds.includes(profileId ?? ''),
      );
      return quarantined.length >= 4;
    });
    stopped.signal('SIGCONT');
    await stopped.until('to see its leases lost', BOUND_MS, ({ lost }) => lost >= 4);
    await sleep(world.policy.leaseMs);
    await stopped.kill();
    const { states } = await world.expectSound(4);
    const tokens = [...states.values()].flatMap(({ profiles }) =>
      profileIds.map((id) => profiles.get(id)?.token ?? 0).filter((token) => token > 0),
    );
    expect(tokens).toHaveLength(4);
  });

  it('F30: a group whose committed offsets cannot be asked for starts where its state ends, not at the end of the log', async () => {
    const { world } = opened;
    const fleet = world.fleet('no-offsets');
    await fleet.grants(20, BOUND_MS);
    world.proxy.set({ apis: ['OffsetFetch'], way: 'response', fate: { kind: 'drop' } });
    const authority = world.services.of('lease-authority');
    await authority.kill('SIGKILL');
    await sleep(1_000);
    await authority.restart();
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });
});
