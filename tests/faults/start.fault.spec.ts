import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SERVICE_NAMES, type Services } from '@profile-warden/devstack';
import { beforeAll, describe, expect, it } from 'vitest';
import { logOf, metricOf } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
/** As in production; the tick of the other worlds is a quick one. */
const POLICY = { tickEveryMs: 1_000, marginMs: 5_000, leaseMs: 10_000 };
const WARM_MS = 3_000;
const IDLE_MS = 10_000;
const IDLE_LOOKS_MAX = 3;

describe('services that are there before anything else is', () => {
  const opened = useFaultWorld({
    services: [],
    deploy: false,
    policy: POLICY,
    // What Kafka does by default, and what must not happen here.
    brokerConfig: { 'auto.create.topics.enable': 'true', 'num.partitions': '1' },
  });
  let starting: Promise<Services>;
  beforeAll(() => {
    starting = opened.world.another('early', ...SERVICE_NAMES);
    starting.catch(() => undefined);
  });

  it('F15: services that are started before their topic exists wait for it, and none of them makes it', async () => {
    const { world } = opened;
    const logs = SERVICE_NAMES.map((name) => join(world.stack.dataDir, 'logs', `${name}-early.log`));
    const areWaiting = Promise.all(
      logs.map((log) =>
        expect.poll(() => readFile(log, 'utf8'), { timeout: BOUND_MS }).toContain('does not exist'),
      ),
    );
    // One that does not wait but ends fails the start at once.
    await Promise.race([areWaiting, starting]);
    // Several more tries of each.
    await sleep(3_000);
    expect((await world.topicTool('--list')).stdout).not.toContain(world.topic);
    await world.deploy();
    await starting;
    expect((await world.topicTool('--describe', '--topic', world.topic)).stdout).toContain(
      'PartitionCount: 6',
    );
    const fleet = world.fleet('after-the-topic');
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });

  it('F16: a service that idles takes less than 2 % of a core, and Node has nothing to warn of', async () => {
    const { handles } = await starting;
    const used = async (): Promise<readonly number[]> =>
      Promise.all(
        handles.map(async (one) => (await metricOf(one, 'process_cpu_seconds_total')).get('') ?? NaN),
      );
    await sleep(WARM_MS);
    // What else the machine does makes a process dearer, never cheaper: the quietest look is the truest.
    const quietest = new Map<string, number>();
    for (let look = 0; look < IDLE_LOOKS_MAX; look += 1) {
      const before = await used();
      await sleep(IDLE_MS);
      const after = await used();
      for (const [index, { name }] of handles.entries()) {
        const percent = (((after[index] ?? NaN) - (before[index] ?? NaN)) * 100_000) / IDLE_MS;
        quietest.set(name, Math.min(quietest.get(name) ?? Infinity, percent));
      }
      if ([...quietest.values()].every((percent) => percent < 2)) break;
    }
    const figures = [...quietest].map(([name, percent]) => `${name} ${percent.toFixed(2)}`);
    process.stdout.write(`F16, % of a core: ${figures.join(', ')}\n`);
    for (const one of handles) expect(await logOf(one)).not.toContain('TimeoutNegativeWarning');
    for (const [name, percent] of quietest) expect(percent, name).toBeLessThan(2);
    await opened.world.expectSound(0);
  });

  it('F27: a service that has folded everything has no lag, though the log ends in markers of transactions', async () => {
    const { world } = opened;
    const services = await starting;
    // Its ticks would lie behind every marker.
    await services.of('stale-detector').kill('SIGKILL');
    const fleet = world.fleet('markers');
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { records } = await world.judge();
    const through = services.handles.filter(({ name }) => name !== 'stale-detector');
    const isMarked = (positions: ReadonlyMap<string, number>): boolean =>
      [...records].some(
        ([partition, all]) =>
          (positions.get(`partition="${partition}"`) ?? 0) > (all.at(-1)?.offset ?? Infinity) + 1,
      );
    const expectNoLag = async (): Promise<void> => {
      for (const one of through) {
        const lags = async () => [...(await metricOf(one, 'warden_lag_events')).values()];
        await expect.poll(lags, { timeout: 5_000, message: one.name }).toEqual(Array(6).fill(0));
      }
    };
    for (const one of through) expect(isMarked(await metricOf(one, 'warden_position')), one.name).toBe(true);
    await expectNoLag();
    // One that begins at the end of the log has folded nothing, and is through as well.
    await services.of('recovery-decider').restart();
    await expectNoLag();
    await services.of('stale-detector').restart();
    await world.expectSound(told.granted);
  });
});
