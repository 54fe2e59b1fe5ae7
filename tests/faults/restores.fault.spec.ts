import type { ServiceHandle } from '@profile-warden/devstack';
import { rangeOf } from '@profile-warden/kafka';
import { isAuthorityEvent, type LogRecord } from '@profile-warden/events';
import type { Judgement } from '@profile-warden/testkit/dump';
import { beat } from '@profile-warden/testkit/spec';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { PARTITION_COUNT, SESSION_MS } from './fault-settings.fixture.ts';
import { profilesOn } from './profile-ids.fixture.ts';
import { isAlive, logFromNow, metricOf } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
const STUMBLING = fileURLToPath(new URL('stumbling-authority-process.fixture.ts', import.meta.url));
/** After which a coordinator ends a transaction of an authority by itself. */
const TRANSACTION_MS = 10_000;
const UNHEALTHY_MS = 10_000;
/** No record may come again in this time. */
const QUIET_MS = 2_000;
/** A fetch takes 512 KiB, about 2,000 of them, and each is so late; so are two looks at the log before the first. */
const LONG_LOG_COUNT = 10_000;
const FETCH_LATE_MS = 1_300;
const PARTITIONS = Array.from({ length: PARTITION_COUNT }, (_none, index) => index);

/** Ms between the last barrier of each partition and the first decision under it, by the broker's clock. */
const restoreTimes = ({ records }: Judgement): readonly number[] =>
  PARTITIONS.flatMap((partition) => {
    const log = records.get(partition) ?? [];
    const barrier = log.findLast(({ event }) => event.type === 'AuthorityEpochStarted');
    const first = log.find(
      ({ event }) => isAuthorityEvent(event.type) && 'epoch' in event && event.epoch === barrier?.offset,
    );
    return barrier === undefined || first === undefined ? [] : [first.brokerMs - barrier.brokerMs];
  });

/** How often the process that owns the partition has taken it over. */
const barriersOfLast = (log: readonly LogRecord[] | undefined): readonly LogRecord[] => {
  const barriers = (log ?? []).filter(({ event }) => event.type === 'AuthorityEpochStarted');
  const ownerOf = ({ event }: LogRecord): string =>
    event.type === 'AuthorityEpochStarted' ? event.instanceId : '';
  return barriers.filter((barrier, _index, all) => ownerOf(barrier) === ownerOf(all.at(-1) ?? barrier));
};

const sumOf = async (service: ServiceHandle, metric: string): Promise<number> =>
  [...(await metricOf(service, metric)).values()].reduce((sum, value) => sum + value, 0);

describe('restores, and where they begin', () => {
  const opened = useFaultWorld({
    // A transaction that has timed out is ended at once and not with the next round of 10 s.
    brokerConfig: { 'transaction.abort.timed.out.transaction.cleanup.interval.ms': '500' },
  });

  it('F5: what a transaction ends with is passed: no service folds a record twice, nor after a restart', async () => {
    const { world } = opened;
    const fleet = world.fleet('up-to-the-markers');
    await fleet.grants(20, BOUND_MS);
    // Its ticks would lie behind every marker.
    await world.services.of('stale-detector').kill('SIGTERM');
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const connection = { brokers: world.stack.brokers, clientId: 'judge' };
    const target = { connection, topic: world.topic, partitionCount: PARTITION_COUNT };
    const ends = await Promise.all(
      PARTITIONS.map(async (partition) => (await rangeOf({ ...target, partition })).end),
    );
    const through = world.services.handles.filter(({ name }) => name !== 'stale-detector');
    for (const service of through) {
      const positions = async () => [...(await metricOf(service, 'warden_position')).values()].toSorted();
      await expect.poll(positions, { message: service.name }).toEqual(ends.toSorted());
    }
    const folded = async (): Promise<readonly number[]> =>
      Promise.all(through.map((service) => sumOf(service, 'warden_records_folded_total')));
    const before = await folded();
    await sleep(QUIET_MS);
    expect(await folded()).toEqual(before);
    const decider = world.services.of('recovery-decider');
    await decider.restart();
    await sleep(QUIET_MS);
    expect(await sumOf(decider, 'warden_records_folded_total'), 'records folded again').toBe(0);

    await world.services.of('stale-detector').restart();
    const { records } = await world.expectSound(told.granted);
    const upTo = ends.map((end, partition) =>
      (records.get(partition) ?? []).filter((one) => one.offset < end),
    );
    const marked = ends.filter((end, partition) => (upTo[partition]?.at(-1)?.offset ?? end) + 1 < end);
    expect(marked.length, 'partitions that ended in a marker').toBeGreaterThan(0);
    const recordCount = upTo.reduce((sum, { length }) => sum + length, 0);
    for (const count of before) expect(count, 'each record once').toBeLessThanOrEqual(recordCount);
  });

  it('F20: a restore that takes longer than a transaction may: the first grant goes through', async () => {
    const { world } = opened;
    const fleet = world.fleet('slow-log');
    await fleet.grants(20, BOUND_MS);
    const authority = world.services.of('lease-authority');
    await authority.kill('SIGTERM');
    const log = await logFromNow(authority);
    const clientId = 'lease-authority';
    const barrier = world.proxy.set({
      ...{ apis: ['EndTxn'], way: 'response', fate: { kind: 'delay', ms: 0 }, clientId },
    });
    world.proxy.set({ apis: ['Fetch'], way: 'response', fate: { kind: 'hold' }, clientId });
    const restarted = authority.restart();
    await barrier.firstMet(BOUND_MS);
    await sleep(TRANSACTION_MS + 1_500);
    world.proxy.heal();
    await restarted;
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const judgement = await world.expectSound(told.granted);
    // The takeovers of some partitions wait themselves, behind what is held.
    expect(Math.max(...restoreTimes(judgement))).toBeGreaterThan(TRANSACTION_MS);
    const lost = (await log.lines()).filter(({ msg }) => msg.includes('the right to pay is lost'));
    expect(lost).toEqual([]);
  });

  it('F9: a restore that takes three sessions: its member stays in the group, and restores once', async () => {
    const { world } = opened;
    const fleet = world.fleet('long-log');
    await fleet.grants(20, BOUND_MS);
    // Its read model would be where the restore begins.
    await world.services.of('projector').kill('SIGTERM');
    await using client = await world.client('long-log-writer');
    const [profileId = ''] = profilesOn([0], 'never-leased', 1);
    const event = beat('reachable', { incarnation: 'i'.repeat(64) });
    for (let count = 0; count < LONG_LOG_COUNT; count += 1_000)
      await client.sayAll(Array.from({ length: 1_000 }, () => ({ profileId, event })));
    const authority = world.services.of('lease-authority');
    await authority.kill('SIGTERM');
    const log = await logFromNow(authority);
    world.proxy.set({
      ...{ apis: ['Fetch'], way: 'response', clientId: 'lease-authority' },
      fate: { kind: 'delay', ms: FETCH_LATE_MS },
    });
    await authority.restart();
    world.proxy.heal();
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.services.of('projector').restart();
    const judgement = await world.expectSound(told.granted);
    expect(restoreTimes(judgement)[0]).toBeGreaterThan(3 * SESSION_MS);
    expect(barriersOfLast(judgement.records.get(0))).toHaveLength(1);
    const lines = await log.lines();
    const partitionsOf = (text: string) =>
      lines.filter(({ msg }) => msg === text).flatMap(({ partition }) => partition ?? []);
    expect(partitionsOf('partition assigned').toSorted()).toEqual(PARTITIONS);
    expect(partitionsOf('restored, paying what is owed').toSorted()).toEqual(PARTITIONS);
    expect(partitionsOf('partition revoked')).toEqual([]);
  });

  it('F10: a TypeError in a handler ends the process, and nothing passes the record that it fell over', async () => {
    const { world } = opened;
    const fleet = world.fleet('beside-a-mistake');
    await fleet.grants(12, BOUND_MS);
    const authority = world.services.of('lease-authority');
    await authority.kill('SIGTERM');
    const [block = ''] = profilesOn([0], 'stumbling-block', 1);
    const { service, deaths } = await world.variant('lease-authority', STUMBLING, { STUMBLES_AT: block });
    await fleet.grants(12, BOUND_MS);
    await using client = await world.client('stumbling');
    const log = await logFromNow(service);
    const sentMs = performance.now();
    const { answer } = await client.send(block, 'over-the-block', BOUND_MS);
    await expect.poll(() => deaths.length, { timeout: UNHEALTHY_MS }).toBe(1);
    expect(await isAlive(service)).toBe(false);
    expect(performance.now() - sentMs).toBeLessThan(UNHEALTHY_MS);
    // What a supervisor does. It may be ready for a moment, so its end is told in one of two ways.
    const again = await service.restart().then(
      () => '',
      (error: unknown) => String(error),
    );
    await expect.poll(() => [again, ...deaths.slice(1)].join(''), { timeout: UNHEALTHY_MS }).not.toBe('');
    expect([deaths[0], again + (deaths[1] ?? '')]).toEqual(
      Array(2).fill(expect.stringContaining('ended with code 1')),
    );
    const last = (await log.lines()).filter(({ msg }) => msg === 'the service cannot go on');
    expect(last, 'each end with its reason in the log').toHaveLength(2);

    await authority.restart();
    expect(await answer).toMatchObject({ type: 'LeaseGranted', token: 1 });
    await client.release(block, 1);
    await fleet.grants(12, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted + 1);
  });
});
