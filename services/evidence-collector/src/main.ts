import { runService } from '@profile-warden/service';
import { readFile } from 'node:fs/promises';
import { collectorDuty } from './duty.ts';
import { lookAtHost } from './host/index.ts';
import { reportHost } from './host-report.ts';
import { watchForStandIn } from './stand-in-watch.ts';

const NO_STAND_IN =
  'No collector of scope any runs: the cases of a host that is lost will wait, and nobody will be asked. Start one ' +
  'with WARDEN_SCOPE=any, on a host that is not lost with the others.';

await runService('evidence-collector', async ({ appender, clock, config, instanceId, isServed, log }) => {
  const { hostId, scope, screenshotOrigins, partitionCount } = config;
  const bootId = await readFile('/proc/sys/kernel/random/boot_id', 'utf8').catch(() => '');
  if (bootId !== '')
    await reportHost(appender, { hostId, bootId: bootId.trim(), collectorId: instanceId }, partitionCount);
  return {
    duty: collectorDuty({
      collectorId: instanceId,
      hostId,
      scope,
      screenshotOrigins,
      look: lookAtHost,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      wallNow: Date.now,
    }),
    // A collector sees its own host only, so those of other hosts must not take partitions from it.
    group: `${scope}.${hostId}`,
    ...(scope !== 'any' && {
      background: (_runtime, signal) =>
        watchForStandIn(
          {
            isThere: () => isServed('any.'),
            clock,
            onMissing: () => log.error({ code: 'no-stand-in' }, NO_STAND_IN),
          },
          signal,
        ),
    }),
  };
});
