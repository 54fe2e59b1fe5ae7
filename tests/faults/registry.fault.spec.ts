import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { EVENT_TYPES, schemaOf, subjectOf, type NewEvent } from '@profile-warden/events';
import { SchemaRegistryClient, partitionOf } from '@profile-warden/kafka';
import { afterAll, describe, expect, it } from 'vitest';
import type { FaultWorld } from './fault-world.fixture.ts';
import type { Fleet } from './fleet.fixture.ts';
import { foreignAppender } from './foreign-writer.fixture.ts';
import { logOf, metricOf } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
const PARTITION_COUNT = 6;
/** One call to the registry may take 2 s; the rest is for a busy machine. */
const GIVEN_UP_MS = 4_000;
/** Longer than a session of the group. */
const HUNG_MS = 5_000;
/** For so long an id that the registry does not know is not asked for again. */
const UNKNOWN_MS = 30_000;
const LOAD_PER_SECOND = 500;
const LOAD_SECONDS = 10;

const beat = (profileId: string, seq: number): NewEvent => ({
  id: `${profileId}-${seq}`,
  profileId,
  event: { type: 'Heartbeat', token: 1, incarnation: 'none', seq, browser: 'reachable', loopLagMs: 0 },
});

/** A later release's heartbeat: byte for byte like ours, under an id that nobody has met yet. */
const laterHeartbeat = async (world: FaultWorld, release: string): Promise<number> => {
  const registry = new SchemaRegistryClient({ url: world.stack.registryUrl, callMsMax: 10_000 });
  const schema = { ...schemaOf('Heartbeat'), doc: `One heartbeat, as release ${release} has it.` };
  return registry.register(subjectOf('Heartbeat'), schema).finally(() => registry.close());
};

/** One fleet on the partition of the profile and one on the others. */
const fleetsAround = (
  world: FaultWorld,
  profileId: string,
): { readonly held: Fleet; readonly free: Fleet } => {
  const partition = partitionOf(profileId, PARTITION_COUNT);
  const ids = Array.from({ length: 48 }, (_none, index) => `${profileId}-${index}`);
  const isHeld = (id: string): boolean => partitionOf(id, PARTITION_COUNT) === partition;
  return {
    held: world.fleet(`${profileId}-held`, { profileIds: ids.filter(isHeld), concurrency: 2 }),
    free: world.fleet(`${profileId}-free`, { profileIds: ids.filter((id) => !isHeld(id)) }),
  };
};

const awaitedCounts = (world: FaultWorld): Promise<readonly number[]> =>
  Promise.all(
    world.services.handles.map(async (one) => {
      const failures = await metricOf(one, 'warden_failures_total');
      return failures.get('kind="schema-awaited"') ?? 0;
    }),
  );

const revokedCounts = (world: FaultWorld): Promise<readonly number[]> =>
  Promise.all(
    world.services.handles.map(async (one) => (await logOf(one)).split('partition revoked').length - 1),
  );

const compatibilities = (world: FaultWorld): Promise<readonly unknown[]> =>
  Promise.all(
    EVENT_TYPES.map(async (type) => {
      const answer = await fetch(`${world.stack.registryUrl}/config/${subjectOf(type)}`);
      return ((await answer.json()) as { compatibilityLevel: unknown }).compatibilityLevel;
    }),
  );

const restartAll = (world: FaultWorld): Promise<unknown> =>
  Promise.all(world.services.handles.map((one) => one.restart()));

describe('a registry that is away, hangs or does not know', () => {
  const dir = mkdtempSync(join(tmpdir(), 'faults-schemas-'));
  afterAll(() => rmSync(dir, { recursive: true, force: true }));
  const opened = useFaultWorld({ env: { WARDEN_SCHEMA_FILE: join(dir, 'schemas.json') } });

  it('F23: services start on subjects that are FULL_TRANSITIVE, and change nothing in the registry', async () => {
    const { world } = opened;
    const before = await compatibilities(world);
    expect(new Set(before)).toEqual(new Set(['FULL_TRANSITIVE']));
    world.registry.forgetAsked();
    await restartAll(world);
    const fleet = world.fleet('transitive');
    await fleet.grants(12, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    // A look-up is a POST as well, but on the subject and not on its versions.
    const changing = world.registry.asked.filter(
      ({ method, path }) => method !== 'GET' && !(method === 'POST' && /^\/subjects\/[^/]+$/.test(path)),
    );
    expect(world.registry.asked.length).toBeGreaterThan(0);
    expect(changing).toEqual([]);
    await world.deploy();
    expect(world.registry.asked.filter(({ method }) => method === 'PUT')).toEqual([]);
    expect(await compatibilities(world)).toEqual(before);
    await world.expectSound(told.granted);
  });

  it('F22a: services that start while the registry is away go on with the schemas that were kept', async () => {
    const { world } = opened;
    const fleet = world.fleet('kept-schemas');
    await fleet.grants(12, BOUND_MS);
    world.registry.goAway();
    await restartAll(world);
    for (const one of world.services.handles)
      expect(await logOf(one), one.name).toContain('the registry does not answer');
    await fleet.grants(20, BOUND_MS);
    world.registry.heal();
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    await world.expectSound(told.granted);
  });

  it('F22b: a registry that hangs holds up the partition that needs it, within bounds, and no membership', async () => {
    const { world } = opened;
    const { held, free } = fleetsAround(world, 'hanging');
    await Promise.all([held.grants(6, BOUND_MS), free.grants(12, BOUND_MS)]);
    const schemaId = await laterHeartbeat(world, 'hanging');
    const later = await foreignAppender(world, 'later', new Map([['Heartbeat', schemaId]]));
    await later.connect();
    const [awaited, revoked] = [await awaitedCounts(world), await revokedCounts(world)];
    world.registry.hang();
    await later.append([beat('hanging', 1)]);
    const isGivenUp = async (): Promise<boolean> =>
      (await awaitedCounts(world)).every((count, index) => count > (awaited[index] ?? 0));
    await expect.poll(isGivenUp, { timeout: GIVEN_UP_MS, interval: 100 }).toBe(true);
    await Promise.all([sleep(HUNG_MS), free.grants(20, BOUND_MS)]);
    expect(await revokedCounts(world)).toEqual(revoked);
    world.registry.heal();
    await held.grants(6, BOUND_MS);
    await later.close();
    const [told, toldFree] = [await held.finish(BOUND_MS), await free.finish(BOUND_MS)];
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    expect(toldFree).toMatchObject({ failed: 0, lost: 0, released: toldFree.granted });
    await world.expectSound(told.granted + toldFree.granted);
  });

  it('F22c: an id that the registry does not know is asked for once in thirty seconds, whatever the load', async () => {
    const { world } = opened;
    const { held, free } = fleetsAround(world, 'unknown');
    await Promise.all([held.grants(6, BOUND_MS), free.grants(12, BOUND_MS)]);
    const schemaId = await laterHeartbeat(world, 'unknown');
    const later = await foreignAppender(world, 'later', new Map([['Heartbeat', schemaId]]));
    const loud = await foreignAppender(world, 'loud');
    const awaited = await awaitedCounts(world);
    const lookups = (): number =>
      world.registry.asked.filter(({ path }) => path.startsWith(`/schemas/ids/${schemaId}`)).length;
    world.registry.forget(schemaId);
    await later.append([beat('unknown', 1)]);
    const sinceMs = performance.now();
    for (let second = 0; second < LOAD_SECONDS; second += 1) {
      const beats = Array.from({ length: LOAD_PER_SECOND }, (_none, index) =>
        beat('unknown', 2 + second * LOAD_PER_SECOND + index),
      );
      await Promise.all([sleep(1_000), loud.append(beats)]);
    }
    await free.grants(20, BOUND_MS);
    const askers = world.services.handles.length + 1;
    expect(lookups()).toBeGreaterThanOrEqual(world.services.handles.length);
    expect(lookups(), 'each service once, and the workers of that partition').toBeLessThanOrEqual(askers);
    for (const [index, count] of (await awaitedCounts(world)).entries())
      expect(count, world.services.handles[index]?.name).toBeGreaterThan(awaited[index] ?? 0);
    world.registry.heal();
    await held.grants(6, BOUND_MS);
    expect(performance.now() - sinceMs).toBeGreaterThan(UNKNOWN_MS);
    expect(lookups()).toBeLessThanOrEqual(2 * askers);
    await Promise.all([later.close(), loud.close()]);
    const [told, toldFree] = [await held.finish(BOUND_MS), await free.finish(BOUND_MS)];
    expect(told.lost).toBe(0);
    // A worker waits thirty seconds for its answer as well: each of the two may have given up once.
    expect(told.failed, told.lastError ?? '').toBeLessThanOrEqual(2);
    expect(told.released).toBeGreaterThanOrEqual(told.granted - 2);
    expect(toldFree).toMatchObject({ failed: 0, lost: 0, released: toldFree.granted });
    await world.expectSound(told.released + toldFree.granted);
  });
});
