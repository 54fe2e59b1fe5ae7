import { describe, expect, it } from 'vitest';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 90_000;
const TEST_BOUND_MS = 300_000;

describe('a cluster of three brokers', () => {
  const opened = useFaultWorld({ brokerCount: 3 });

  it(
    'F11: all brokers restarted one after the other: every service makes progress again, no lease is lost',
    { timeout: TEST_BOUND_MS },
    async () => {
      const { world } = opened;
      const fleet = world.fleet('rolling-brokers', { holdMs: 1_000 });
      await fleet.grants(12, BOUND_MS);
      for (const broker of [0, 1, 2]) {
        await world.cluster?.restart(broker);
        await world.untilInSync();
        await fleet.grants(12, BOUND_MS);
      }
      const told = await fleet.finish(BOUND_MS);
      expect(told.lost).toBe(0);
      await world.expectSound(told.released);
    },
  );

  it('a broker that is killed, and stays away', { timeout: TEST_BOUND_MS }, async () => {
    const { world } = opened;
    const fleet = world.fleet('two-brokers', { holdMs: 1_000 });
    await fleet.grants(12, BOUND_MS);
    await world.cluster?.kill(0);
    await fleet.grants(24, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told.lost).toBe(0);
    await world.expectSound(told.released);
  });
});
