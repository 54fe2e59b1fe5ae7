/** For the specs of this folder: a topic with cases in it, and the projector itself, as a process, on a database of its own. */
import { startServices, type Services } from '@profile-warden/devstack';
import { READ_SCHEMA, loadPosition, openPool, type Pool } from '@profile-warden/postgres';
import { freshDatabase, parts } from '@profile-warden/testkit/parts';
import { setTimeout as sleep } from 'node:timers/promises';
import { runWarden, wardenFixture, type Ran, type WardenFixture } from '../warden.fixture.ts';

export interface ProjectedLog extends AsyncDisposable {
  readonly log: WardenFixture;
  readonly url: string;
  readonly pool: Pool;
  startProjector(): Promise<Services>;
  /** Until the read model stands where the log ends. */
  projected(): Promise<void>;
  warden(...args: readonly string[]): Promise<Ran>;
  readonly env: Readonly<Record<string, string>>;
}

const PROJECTED_MS_MAX = 20_000;

export const projectedLog = async (): Promise<ProjectedLog> => {
  const log = await wardenFixture();
  const url = await freshDatabase();
  const pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
  const { brokers, registryUrl } = parts();
  const env = { ...log.env, WARDEN_DATABASE_URL: url };
  return {
    log,
    url,
    pool,
    env,
    startProjector: () =>
      startServices(
        { brokers, registryUrl, postgresUrl: url },
        {
          names: ['projector'],
          deploy: false,
          cluster: log.env['WARDEN_TOPIC'] ?? '',
          env: { ...log.env, WARDEN_FENCE_TARGETS: '' },
        },
      ),
    projected: async () => {
      // Nothing else writes to the topic, so its last record is one of these.
      const ends = await log.ends();
      const untilMs = performance.now() + PROJECTED_MS_MAX;
      for (const [partition, end] of ends.entries())
        while ((await loadPosition(pool, partition)).nextOffset < end) {
          if (performance.now() > untilMs)
            throw new Error(`partition ${partition} was not projected in time`);
          await sleep(20);
        }
    },
    warden: (...args) => runWarden(args, env),
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await log.close();
    },
  };
};
