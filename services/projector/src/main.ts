import { READ_SCHEMA, migrate, openPool } from '@profile-warden/postgres';
import { readModelStore } from '@profile-warden/projection';
import { appendingOpener, runService } from '@profile-warden/service';
import { projectorDuty } from './duty.ts';
import { FenceKeeper } from './fence/fence-keeper.ts';
import { fenceGateway } from './fence/gateway.ts';
import { projectorMetrics } from './metrics.ts';
import { Projections } from './read-model/projections.ts';
import { signalLog } from './signal-log.ts';
import type { OnProjectorSignal } from './signals.ts';

await runService('projector', async ({ appender, clock, config, instanceId, log, metrics, restored }) => {
  const { databaseUrl, fenceTargets, partitionCount } = config;
  if (databaseUrl === null)
    throw new Error('WARDEN_DATABASE_URL is not set: the read model needs a database');
  const [lines, count] = [signalLog(log), projectorMetrics(metrics.registry)];
  const onSignal: OnProjectorSignal = (signal) => {
    count(signal);
    lines(signal);
  };
  const onIdleError = (error: Error): void => log.warn({ err: error }, 'an idle connection broke');
  const applied = await migrate(databaseUrl, { onLog: (line) => log.debug(line) });
  if (applied.length > 0) log.info({ applied }, 'read model migrated');

  const readModel = openPool(databaseUrl, { applicationName: instanceId, schema: READ_SCHEMA, onIdleError });
  const projections = new Projections({ store: readModelStore(readModel), clock, onSignal });
  const targets = fenceTargets.map(({ name, url }) => {
    const pool = openPool(url, { applicationName: `${instanceId}/${name}`, onIdleError });
    const gateway = fenceGateway(pool);
    return { pool, keeper: new FenceKeeper({ target: name, gateway, partitionCount, clock, onSignal }) };
  });
  return {
    duty: projectorDuty({ projections, keepers: targets.map(({ keeper }) => keeper), onSignal }),
    opener: projections.opener(restored(appendingOpener(appender))),
    background: async (_runtime, signal) => {
      await Promise.race([projections.failed, Promise.all(targets.map(({ keeper }) => keeper.run(signal)))]);
      // Without a target there is nothing to run; resolving would end the service.
      if (!signal.aborted) await projections.failed;
    },
    close: async () => {
      await Promise.all([readModel.end(), ...targets.map(({ pool }) => pool.end())]);
    },
  };
});
