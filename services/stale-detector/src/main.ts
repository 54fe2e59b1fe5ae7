import { runService } from '@profile-warden/service';
import { detectorDuty } from './duty.ts';
import { runTicker } from './ticker.ts';

await runService('stale-detector', ({ appender, clock, config, instanceId, log }) => ({
  duty: detectorDuty(config.policy),
  background: (runtime, signal) =>
    runTicker(
      runtime,
      {
        appender,
        clock,
        instanceId,
        tickEveryMs: config.policy.tickEveryMs,
        onFailed: (error) => log.warn({ err: error }, 'a tick is in doubt'),
      },
      signal,
    ),
}));
