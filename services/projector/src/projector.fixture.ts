/** For the specs beside this file: a projector on a real database, fed from a log in memory. */
import type { Appender, NewEvent } from '@profile-warden/events';
import { READ_SCHEMA, ensureFence, migrate, openPool, type Pool } from '@profile-warden/postgres';
import { readModelStore, type ReadModelStore } from '@profile-warden/projection';
import { FoldAndPay, appendingOpener, systemClock } from '@profile-warden/service';
import { preparedDatabase } from '@profile-warden/testkit/parts';
import type { PartitionLog } from '@profile-warden/testkit/spec';
import { projectorDuty } from './duty.ts';
import { FenceKeeper } from './fence/fence-keeper.ts';
import { fenceGateway } from './fence/gateway.ts';
import { Projections } from './read-model/projections.ts';
import type { OnProjectorSignal, ProjectorSignal } from './signals.ts';

export const TARGET = 'accounts';

export interface Databases extends AsyncDisposable {
  readonly readModel: Pool;
  readonly accounts: Pool;
  readonly url: string;
}

export async function openDatabases(): Promise<Databases> {
  const url = await preparedDatabase('projector', prepare);
  const readModel = openPool(url, { applicationName: 'projector', schema: READ_SCHEMA });
  const accounts = openPool(url, { applicationName: 'accounts', maxConnections: 20 });
  return {
    readModel,
    accounts,
    url,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([readModel.end(), accounts.end()]);
    },
  };
}

async function prepare(url: string): Promise<void> {
  await migrate(url);
  const pool = openPool(url, { applicationName: 'prepare' });
  try {
    await ensureFence(pool);
  } finally {
    await pool.end();
  }
}

export interface TestProjector extends AsyncDisposable {
  readonly signals: readonly ProjectorSignal[];
  readonly failed: Promise<never>;
  /** Hands over what the log has beyond what was handed over before. */
  feed(): Promise<void>;
  /** Feeds until the condition holds; what the projector appends is in the log at once. */
  until(condition: () => boolean | Promise<boolean>, boundMs?: number): Promise<void>;
}

export interface TestProjectorOptions {
  readonly log: PartitionLog;
  readonly databases: Databases;
  readonly store?: ReadModelStore;
  /** Fence targets beside `accounts`. */
  readonly others?: readonly { readonly name: string; readonly pool: Pool }[];
  readonly onSignal?: OnProjectorSignal;
}

export async function startProjector(options: TestProjectorOptions): Promise<TestProjector> {
  const { log, databases } = options;
  const signals: ProjectorSignal[] = [];
  const onSignal = (signal: ProjectorSignal): void => {
    signals.push(signal);
    options.onSignal?.(signal);
  };
  const clock = systemClock;
  const store = options.store ?? readModelStore(databases.readModel);
  const projections = new Projections({
    store,
    clock,
    onSignal,
    readLog: (_partition, from, to) =>
      Promise.resolve(log.records.filter(({ offset }) => offset >= from && offset < to)),
  });
  const targets = [{ name: TARGET, pool: databases.accounts }, ...(options.others ?? [])];
  const keepers = targets.map(
    ({ name, pool }) =>
      new FenceKeeper({
        target: name,
        gateway: fenceGateway(pool),
        logEnd: () => Promise.resolve(log.nextOffset),
        partitionCount: 1,
        clock,
        onSignal,
      }),
  );
  const runtime = new FoldAndPay({
    duty: projectorDuty({ projections, keepers, onSignal }),
    policy: log.policy,
    reader: {
      start: () => Promise.resolve(),
      stop: () => Promise.resolve(),
      confirmOwned: () => Promise.resolve(true),
      mayAct: () => true,
      failed: projections.failed,
    },
    opener: projections.opener(appendingOpener(appenderTo(log))),
    clock,
    random: () => 0.5,
    onSignal: () => undefined,
  });
  const stopping = new AbortController();
  const running = Promise.all(keepers.map((keeper) => keeper.run(stopping.signal)));
  const assigned = runtime.assigned(0, { start: 0, end: log.nextOffset }, stopping.signal);
  await Promise.race([assigned, projections.failed]);
  let fed = 0;
  const feed = async (): Promise<void> => {
    const records = log.records.slice(fed);
    fed += records.length;
    await runtime.records(0, records, log.nextOffset);
  };
  return {
    signals,
    failed: projections.failed,
    feed,
    until: async (condition, boundMs = 10_000) => {
      const deadline = clock.now() + boundMs;
      while (!(await condition())) {
        if (clock.now() > deadline) throw new Error(`not so within ${boundMs} ms: ${condition.toString()}`);
        await feed();
        await clock.sleep(10);
      }
    },
    [Symbol.asyncDispose]: async () => {
      stopping.abort();
      runtime.revoked(0);
      await running;
    },
  };
}

const appenderTo = (log: PartitionLog): Appender => ({
  append: (events: readonly NewEvent[]) =>
    Promise.resolve(
      events.map(({ event, profileId }) => {
        log.append(event, profileId ?? undefined);
        return log.nextOffset - 1;
      }),
    ),
  close: () => Promise.resolve(),
});
