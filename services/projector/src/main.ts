import {
  READ_SCHEMA,
  isAway,
  loginName,
  migrate,
  openPool,
  removeTargetStates,
  writeTargetStates,
} from '@profile-warden/postgres';
import { readModelStore } from '@profile-warden/projection';
import { ConfigError, appendingOpener, runService } from '@profile-warden/service';
import { projectorDuty } from './duty.ts';
import { FenceKeeper } from './fence/fence-keeper.ts';
import { fenceGateway } from './fence/gateway.ts';
import { projectorMetrics } from './metrics.ts';
import { Preparation } from './read-model/preparation.ts';
import { Projections } from './read-model/projections.ts';
import { signalLog } from './signal-log.ts';
import type { OnProjectorSignal } from './signals.ts';
import { assertTargetsServed, recordListedTargets } from './targets/target-list.ts';
import { TargetStates } from './targets/target-states.ts';

await runService(
  'projector',
  async ({ appender, clock, config, instanceId, log, logEnd, metrics, readLog, restored }) => {
    const { databaseUrl, fenceTargets, partitionCount } = config;
    if (databaseUrl === null)
      throw new ConfigError(['WARDEN_DATABASE_URL is not set: the read model needs a database']);
    assertTargetsServed(config);
    const told: OnProjectorSignal[] = [signalLog(log), projectorMetrics(metrics.registry)];
    const onSignal: OnProjectorSignal = (signal) => {
      for (const tell of told) tell(signal);
    };
    const onIdleError = (error: Error): void => log.warn({ err: error }, 'an idle connection broke');
    const readModel = openPool(databaseUrl, {
      applicationName: instanceId,
      schema: READ_SCHEMA,
      onIdleError,
    });
    const preparation = new Preparation({
      prepare: async () => {
        const applied = await migrate(databaseUrl, { onLog: (line) => log.debug(line) });
        if (applied.length > 0) log.info({ applied }, 'read model migrated');
        await recordListedTargets({
          readModel,
          fenceTargets,
          byWhom: config.operator ?? loginName(),
          projector: instanceId,
          onSignal,
        });
      },
      mayPass: isAway,
      clock,
      onSignal,
    });
    await preparation.begin();
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
    const store = preparation.guarded(readModelStore(readModel));
    const projections = new Projections({ store, readLog, clock, onSignal });
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
      isReady: () => preparation.isReady,
      background: async (_runtime, signal) => {
        const read = preparation.finish(signal).then(() => states.run(signal));
        const running = [read, ...targets.map(({ keeper }) => keeper.run(signal))];
        await Promise.race([projections.failed, Promise.all(running)]);
      },
      close: async () => {
        await Promise.all([readModel.end(), ...targets.map(({ pool }) => pool.end())]);
      },
    };
  },
);
