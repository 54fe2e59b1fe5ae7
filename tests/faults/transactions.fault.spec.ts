import { describe, expect, it } from 'vitest';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
/** A deposed or dead authority's transaction must not hold readers up until it times out, which takes 10 s. */
const RESUMED_MS = 9_000;

describe('transactions that do not come to their end', () => {
  const opened = useFaultWorld();

  it('F2: a commit whose answer is lost has been made, and what it granted is not granted again', async () => {
    const { world } = opened;
    const fleet = world.fleet('lost-commit');
    await fleet.grants(20, BOUND_MS);
    const lost = world.proxy.set({ apis: ['EndTxn'], way: 'response', fate: { kind: 'drop' }, times: 1 });
    await lost.firstMet(BOUND_MS);
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });

  it('F3: an authority killed before its commit leaves nothing behind, and readers go on at once', async () => {
    const { world } = opened;
    const fleet = world.fleet('half-written');
    await fleet.grants(20, BOUND_MS);
    const before = (await world.judge()).abortedCount;
    const authority = world.services.of('lease-authority');
    const lost = world.proxy.set({ apis: ['EndTxn'], way: 'request', fate: { kind: 'drop' } });
    await lost.firstMet(BOUND_MS);
    await authority.kill('SIGKILL');
    world.proxy.heal();
    const killedMs = performance.now();
    await authority.restart();
    await fleet.grants(12, BOUND_MS);
    expect(performance.now() - killedMs).toBeLessThan(RESUMED_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { abortedCount } = await world.expectSound(told.granted);
    expect(abortedCount, 'what was written before the kill is in the log, aborted').toBeGreaterThan(before);
  });

  it('F18: an authority killed right after its commit answers nobody twice', async () => {
    const { world } = opened;
    const fleet = world.fleet('just-committed');
    await fleet.grants(20, BOUND_MS);
    const authority = world.services.of('lease-authority');
    const held = world.proxy.set({ apis: ['EndTxn'], way: 'response', fate: { kind: 'hold' } });
    await held.firstMet(BOUND_MS);
    await authority.kill('SIGKILL');
    world.proxy.heal();
    await authority.restart();
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });
});
