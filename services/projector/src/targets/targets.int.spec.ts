import {
  loadTargetStates,
  openPool,
  removeTargetStates,
  writeTargetStates,
  type Pool,
  type StoredTargetState,
} from '@profile-warden/postgres';
import { systemClock } from '@profile-warden/service';
import { freshDatabase } from '@profile-warden/testkit/parts';
import { granted, logOf, quarantineRequested, withPolicy } from '@profile-warden/testkit/spec';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { afterEach, beforeEach, describe, expect, it, onTestFinished } from 'vitest';
import { TARGET, openDatabases, startProjector, type Databases } from '../projector.fixture.ts';
import { TargetStates } from './target-states.ts';

const OTHER = 'orders';

let databases: Databases;
let orders: Pool;
let ordersName: string;
beforeEach(async () => {
  databases = await openDatabases();
  const url = await freshDatabase();
  ordersName = new URL(url).pathname.slice(1);
  orders = openPool(url, { applicationName: 'orders' });
});
afterEach(async () => {
  await orders.end();
  await databases[Symbol.asyncDispose]();
});

/** The database accepts nobody and lets go of everybody, as one whose server was taken away. */
async function takeAway(name: string): Promise<void> {
  await databases.readModel.query(`alter database "${name}" allow_connections false`);
  await databases.readModel.query(
    'select pg_terminate_backend(pid) from pg_stat_activity where datname = $1',
    [name],
  );
}

const bringBack = async (name: string): Promise<void> => {
  await databases.readModel.query(`alter database "${name}" allow_connections true`);
};

/** A projector with two targets that writes how they are. */
async function start(log: PartitionLog): ReturnType<typeof startProjector> {
  const states = new TargetStates({
    targets: [TARGET, OTHER],
    store: {
      write: (rows) => writeTargetStates(databases.readModel, 'projector-1', rows),
      remove: () => removeTargetStates(databases.readModel, 'projector-1'),
    },
    clock: systemClock,
    wallMs: Date.now,
    onSignal: () => undefined,
  });
  const stopping = new AbortController();
  const running = states.run(stopping.signal);
  onTestFinished(async () => {
    stopping.abort();
    await running;
  });
  return startProjector({ log, databases, others: [{ name: OTHER, pool: orders }], onSignal: states.note });
}

const stored = async (target: string): Promise<StoredTargetState | undefined> =>
  (await loadTargetStates(databases.readModel)).find((one) => one.target === target);

const quarantinedLog = (): PartitionLog =>
  logOf(withPolicy({ fenceTargets: [TARGET, OTHER] }), granted(), quarantineRequested(), (log) =>
    log.payAuthority(),
  );

const confirmed = (log: PartitionLog): readonly string[] => {
  const { stage } = log.profile();
  return stage.kind === 'quarantined' ? stage.confirmed : [];
};
const isFenced = (log: PartitionLog) => (): boolean => {
  const { stage } = log.profile();
  return stage.kind === 'quarantined' && stage.fencedLogMs !== null;
};

describe('several fence targets', () => {
  it('each confirm for themselves, and the quarantine waits for all of them', async () => {
    const log = quarantinedLog();
    await using projector = await start(log);
    await projector.until(isFenced(log));
    const events = log.records.filter(({ event }) => event.type === 'FenceConfirmed');
    expect(events.map(({ event }) => 'target' in event && event.target).sort()).toEqual([TARGET, OTHER]);
  });

  it('keep the case waiting while one of them is down, which a row tells, and heal when it returns', async () => {
    await takeAway(ordersName);
    const log = quarantinedLog();
    await using projector = await start(log);
    await projector.until(() => confirmed(log).includes(TARGET));
    await projector.until(
      async () => (await stored(OTHER))?.lastError?.includes('not currently accepting') === true,
    );
    expect(isFenced(log)()).toBe(false);
    expect(await stored(OTHER)).toMatchObject({ isReachable: false, projector: 'projector-1' });
    expect(await stored(TARGET)).toMatchObject({ isReachable: true, lastError: null });
    await bringBack(ordersName);
    await projector.until(isFenced(log), 20_000);
    await projector.until(async () => (await stored(OTHER))?.isReachable === true);
  });

  it('are told apart where a writer is in the way: the row names it, and forgets it', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET, OTHER] }), granted());
    await using projector = await start(log);
    const hasRow = async (): Promise<boolean> =>
      (await orders.query(`select from warden.fence where profile_id = 'p1'`).catch(() => null))?.rowCount ===
      1;
    await projector.until(hasRow);
    const writer = await orders.connect();
    await writer.query('begin');
    await writer.query(`select from warden.fence where profile_id = 'p1' for share`);
    log.append(quarantineRequested());
    log.payAuthority();
    await projector.until(async () => (await stored(OTHER))?.blocked.length === 1);
    expect((await stored(OTHER))?.blocked).toMatchObject([
      { profileId: 'p1', token: 1, sessions: [{ applicationName: 'orders' }] },
    ]);
    expect((await stored(OTHER))?.blocked[0]?.sessions[0]?.since).toBeGreaterThan(Date.now() - 60_000);
    expect(confirmed(log)).toEqual([TARGET]);
    await writer.query('rollback');
    writer.release();
    await projector.until(isFenced(log));
    await projector.until(async () => (await stored(OTHER))?.blocked.length === 0);
  });

  it('that a quarantine does not wait for are an alarm: the authority was given another list', async () => {
    const log = logOf(withPolicy({ fenceTargets: [TARGET] }), granted());
    await using projector = await start(log);
    await projector.feed();
    log.append(quarantineRequested());
    log.payAuthority();
    await projector.until(() => projector.signals.some(({ type }) => type === 'target-unawaited'));
    expect(projector.signals.filter(({ type }) => type === 'target-unawaited')).toEqual([
      { type: 'target-unawaited', target: OTHER, profileId: 'p1' },
    ]);
  });
});
