import { kafkaTool } from '@profile-warden/devstack';
import type { NewEvent, WardenEvent } from '@profile-warden/events';
import { partitionOf } from '@profile-warden/kafka';
import { describe, expect, it } from 'vitest';
import { AbortingWriter, foreignAppender } from './foreign-writer.fixture.ts';
import { expectSameStates } from './same-state.fixture.ts';
import { metricOf } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
const PARTITION_COUNT = 6;
const SNAPPY_COUNT = 60;
const ABORTED_COUNT = 50;

describe('programs of others that write to the topic', () => {
  // Fetches of a kilobyte begin and end inside of everything that spans more than a few records.
  const opened = useFaultWorld({ env: { WARDEN_FETCH_BYTES: '1024' } });

  it('F14: a snappy batch stops nobody, since the broker unpacks it; its records are counted', async () => {
    const { world } = opened;
    const fleet = world.fleet('beside-snappy');
    await fleet.grants(12, BOUND_MS);
    const address = ['--bootstrap-server', world.stack.brokers.join(','), '--topic', world.topic];
    const sent = await kafkaTool(
      world.stack.kafkaLibsDir,
      'org.apache.kafka.tools.ConsoleProducer',
      [...address, '--compression-codec', 'snappy'],
      { input: 'from elsewhere, and long enough to be packed: aaaaaaaaaaaaaaaaaaaa\n'.repeat(SNAPPY_COUNT) },
    );
    expect(sent).toMatchObject({ code: 0 });
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { records } = await world.expectSound(told.granted);
    const foreign = [...records.values()].flat().filter(({ event }) => event.type === 'foreign');
    expect(foreign).toHaveLength(SNAPPY_COUNT);
    for (const one of world.services.handles) {
      const ignored = [...(await metricOf(one, 'warden_records_ignored_total'))];
      const counts = ignored.filter(([labels]) => labels.includes('"foreign"')).map(([, count]) => count);
      expect(counts, one.name).toEqual([SNAPPY_COUNT]);
    }
  });

  it('F17: nothing of fifty aborted transactions of two producers is folded, wherever a fetch begins', async () => {
    const { world } = opened;
    const fleet = world.fleet('beside-aborts');
    await fleet.grants(12, BOUND_MS);
    const partition = partitionOf('beside-aborts-p0', PARTITION_COUNT);
    const says = (event: WardenEvent, id: string): NewEvent & { readonly partition: number } => ({
      id,
      profileId: null,
      partition,
      event,
    });
    const abort = async (name: string, openMs: number): Promise<number> => {
      const writer = await AbortingWriter.open(world, name);
      for (let round = 0; writer.count < ABORTED_COUNT / 2; round += 1)
        // Nothing would do more harm if it were folded: the authority would count as deposed.
        await writer.leaveOpen(
          says({ type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: name }, `${name}-${round}`),
          openMs,
        );
      const started = { workerId: name, incarnation: name, hostId: 'elsewhere', bootId: 'b' } as const;
      await writer.close(says({ type: 'WorkerStarted', ...started }, `${name}-last`));
      return writer.count;
    };
    const counts = await Promise.all([abort('aborts-slowly', 150), abort('aborts-quickly', 20)]);
    expect(counts[0] + counts[1]).toBeGreaterThanOrEqual(ABORTED_COUNT);
    await fleet.grants(12, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await expectSameStates(world.services.handles, PARTITION_COUNT, async () => {
      const { abortedCount, records } = await world.expectSound(told.granted);
      expect(abortedCount).toBeGreaterThanOrEqual(ABORTED_COUNT);
      return records;
    });
  });

  it('F24: a number that Avro would alter is refused before it is written, and the largest come back as they were', async () => {
    const { world } = opened;
    const fleet = world.fleet('beside-numbers');
    await fleet.grants(6, BOUND_MS);
    const appender = await foreignAppender(world, 'numbers');
    const report = (id: string, fields: object): NewEvent => ({
      id,
      profileId: 'numbers-p0',
      event: {
        type: 'Heartbeat',
        token: 1,
        incarnation: 'i',
        seq: 1,
        browser: 'reachable',
        loopLagMs: 0,
        ...fields,
      },
    });
    const clearing = (id: string, heartbeatOffset: unknown): NewEvent => ({
      id,
      profileId: 'numbers-p0',
      event: { type: 'SuspicionCleared', token: 1, epoch: 0, heartbeatOffset: heartbeatOffset as number },
    });
    const bad = [2 ** 52 + 1, 2 ** 53, 5n, -1];
    for (const value of bad) {
      const name = value.toString();
      await expect(appender.append([report('numbers-bad', { token: value })])).rejects.toThrow(
        new RegExp(`Heartbeat.token: .*${name}`),
      );
      await expect(appender.append([clearing('numbers-bad', value)])).rejects.toThrow(
        new RegExp(`SuspicionCleared.heartbeatOffset: .*${name}`),
      );
    }
    const refused = { type: 'WriteRefused', target: 'main', sqlState: 'WD001' } as const;
    const largest = { ...refused, presentedToken: 2 ** 53 - 2, knownToken: 2 ** 52 - 1 };
    await appender.append([{ id: 'numbers-largest', profileId: 'numbers-p0', event: largest }]);
    await appender.close();
    await fleet.grants(6, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { records } = await world.expectSound(told.granted);
    const ours = [...records.values()].flat().filter(({ profileId }) => profileId === 'numbers-p0');
    expect(ours.map(({ id, event }) => ({ id, event: { ...event } }))).toEqual([
      { id: 'numbers-largest', event: largest },
    ]);
  });
});
