import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { PARTITION_COUNT } from './fault-settings.fixture.ts';
import type { FaultWorld } from './fault-world.fixture.ts';
import { profilesOn } from './profile-ids.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 90_000;
const TEST_BOUND_MS = 300_000;
const MESSAGE_EVERY_MS = 1_000;
const ROUND_COUNT = 10;
const FOLDED_MS = 300;
/** What else the machine does may spoil a round; a broker that is waited for would spoil all of them. */
const ROUNDS_MAX = 3;

/** Leading broker of each partition, as Kafka's own tool tells it. */
const leadersOf = async (world: FaultWorld): Promise<readonly string[]> => {
  const { stdout } = await world.topicTool('--describe', '--topic', world.topic);
  const found = [...stdout.matchAll(/Partition: (\d+)\s+Leader: (\d+)/g)];
  expect(found).toHaveLength(PARTITION_COUNT);
  return found.map(([, , leader = '']) => leader);
};

describe('a cluster of three brokers', () => {
  const opened = useFaultWorld({ brokerCount: 3 });

  it('F13: one message a second where nothing else comes from that broker: each is folded and answered at once', async () => {
    const { world } = opened;
    const leaders = await leadersOf(world);
    const isQuiet = (partition: number): boolean => leaders[partition] === leaders[0];
    const all = leaders.map((_leader, partition) => partition);
    const busy = all.filter((partition) => !isQuiet(partition));
    expect(busy.length).toBeGreaterThan(0);
    // It ticks on all partitions.
    await world.services.of('stale-detector').kill('SIGTERM');
    const fleet = world.fleet('elsewhere', { profileIds: profilesOn(busy, 'elsewhere', 24) });
    await fleet.grants(12, BOUND_MS);
    await using client = await world.client('once-a-second');
    const profileIds = profilesOn(all.filter(isQuiet), 'quiet', ROUND_COUNT);
    let asked = 0;
    let slowestMs = Infinity;
    for (let round = 0; round < ROUNDS_MAX && slowestMs >= FOLDED_MS; round += 1) {
      slowestMs = 0;
      for (const profileId of profileIds) {
        await sleep(MESSAGE_EVERY_MS);
        const sentMs = performance.now();
        const answer = await client.ask(profileId, `${profileId}.${round}`);
        slowestMs = Math.max(slowestMs, performance.now() - sentMs);
        asked += 1;
        expect(answer).toMatchObject({ type: 'LeaseGranted', token: round + 1 });
      }
      for (const profileId of profileIds) await client.release(profileId, round + 1);
    }
    expect(slowestMs, 'ms from a request to its answer').toBeLessThan(FOLDED_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.services.of('stale-detector').restart();
    await world.expectSound(told.granted + asked);
  });

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
