import {
  READ_SCHEMA,
  migrate,
  openPool,
  removeTargetStates,
  writeTargetStates,
} from '@profile-warden/postgres';
import { readModelStore } from '@profile-warden/projection';
import { appendingOpener, runService } from '@profile-warden/service';
import { userInfo } from 'node:os';
import { projectorDuty } from './duty.ts';
import { FenceKeeper } from './fence/fence-keeper.ts';
import { fenceGateway } from './fence/gateway.ts';
import { projectorMetrics } from './metrics.ts';
import { Projections } from './read-model/projections.ts';
import { signalLog } from './signal-log.ts';
import type { OnProjectorSignal } from './signals.ts';
import { assertTargetsServed, recordListedTargets } from './targets/target-list.ts';
import { TargetStates } from './targets/target-states.ts';

await runService(
  'projector',
  async ({ appender, clock, config, instanceId, log, logEnd, metrics, restored }) => {
    const { databaseUrl, fenceTargets, partitionCount } = config;
    if (databaseUrl === null)
      throw new Error('WARDEN_DATABASE_URL is not set: the read model needs a database');
    assertTargetsServed(config);
    const told: OnProjectorSignal[] = [signalLog(log), projectorMetrics(metrics.registry)];
    const onSignal: OnProjectorSignal = (signal) => {
      for (const tell of told) tell(signal);
    };
    const onIdleError = (error: Error): void => log.warn({ err: error }, 'an idle connection broke');
    const applied = await migrate(databaseUrl, { onLog: (line) => log.debug(line) });
    if (applied.length > 0) log.info({ applied }, 'read model migrated');

    const readModel = openPool(databaseUrl, {
      applicationName: instanceId,
      schema: READ_SCHEMA,
      onIdleError,
    });
    await recordListedTargets({
      readModel,
      fenceTargets,
      byWhom: config.operator ?? userInfo().username,
      projector: instanceId,
      onSignal,
    });
    const states = new TargetStates({
      targets: fenceTargets.map(({ name }) => name),
      store: {
        write: (rows) => writeTargetStates(readModel, instanceId, rows),
        remove: () => removeTargetStates(readModel, instanceId),
      },
      clock,
      wallMs: Date.now,
      onSignal,
    });
    told.push(states.note);
    const projections = new Projections({ store: readModelStore(readModel), clock, onSignal });
    const targets = fenceTargets.map(({ name, url }) => {
      const pool = openPool(url, { applicationName: `${instanceId}/${name}`, onIdleError });
      const gateway = fenceGateway(pool);
      return {
        pool,
        keeper: new FenceKeeper({ target: name, gateway, logEnd, partitionCount, clock, onSignal }),
      };
    });
    return {
      duty: projectorDuty({ projections, keepers: targets.map(({ keeper }) => keeper), onSignal }),
      opener: projections.opener(restored(appendingOpener(appender))),
      background: async (_runtime, signal) => {
        const running = [states.run(signal), ...targets.map(({ keeper }) => keeper.run(signal))];
        await Promise.race([projections.failed, Promise.all(running)]);
      },
      close: async () => {
        await Promise.all([readModel.end(), ...targets.map(({ pool }) => pool.end())]);
      },
    };
  },
);
