import { describe, expect, it } from 'vitest';
import { PARTITION_COUNT } from './fault-settings.fixture.ts';
import { profilesOn } from './profile-ids.fixture.ts';
import { logFromNow } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
const TEST_BOUND_MS = 150_000;

describe('a topic of which each partition is on one broker only', () => {
  const opened = useFaultWorld({ brokerCount: 3, env: { WARDEN_REPLICATION: '1' } });

  it(
    'a broker that is killed takes its partitions with it and no others, and brings them back',
    { timeout: TEST_BOUND_MS },
    async () => {
      const { world } = opened;
      const { stdout } = await world.topicTool('--describe', '--topic', world.topic);
      const found = [...stdout.matchAll(/Partition: (\d+)\s+Leader: (\d+)/g)];
      expect(found).toHaveLength(PARTITION_COUNT);
      // Broker 0 has the id 1.
      const isGone = (partition: number): boolean => found[partition]?.[2] === '1';
      const all = found.map(([, partition]) => Number(partition));
      const [gone, left] = [all.filter(isGone), all.filter((partition) => !isGone(partition))];
      expect([gone.length > 0, left.length > 0]).toEqual([true, true]);
      const everywhere = world.fleet('everywhere', { profileIds: profilesOn(all, 'everywhere', 12) });
      await everywhere.grants(12, BOUND_MS);
      await everywhere.finish(BOUND_MS);

      // A worker says in every partition that it has started; so it does before.
      const fleet = world.fleet('left', { profileIds: profilesOn(left, 'left', 12), holdMs: 1_000 });
      await fleet.grants(6, BOUND_MS);

      await world.cluster?.kill(0);
      await fleet.grants(24, BOUND_MS);
      // One that starts meanwhile serves what can be served.
      const authority = world.services.of('lease-authority');
      await authority.kill('SIGKILL');
      const log = await logFromNow(authority);
      const restarted = authority.restart();
      await fleet.grants(24, BOUND_MS);
      await expect
        .poll(log.lines, { timeout: BOUND_MS })
        .toContainEqual(
          expect.objectContaining({ msg: expect.stringMatching(/no broker leads the partition/) as string }),
        );

      await world.cluster?.restart(0);
      await restarted;
      const back = world.fleet('back', { profileIds: profilesOn(gone, 'back', 6) });
      await back.grants(6, BOUND_MS);
      const told = [await fleet.finish(BOUND_MS), await back.finish(BOUND_MS)];
      expect(told.map(({ lost }) => lost)).toEqual([0, 0]);
      await world.expectSound(told.reduce((sum, { released }) => sum + released, 0));
    },
  );
});
