import { collectorDuty } from '@profile-warden/evidence-collector';
import { authorityDuty, epochOpener } from '@profile-warden/lease-authority';
import { deciderDuty } from '@profile-warden/recovery-decider';
import { appendingOpener } from '@profile-warden/service';
import { detectorDuty, runTicker } from '@profile-warden/stale-detector';
import type { MemoryLog } from '../memory/index.ts';
import type { Violation } from '../walk/ledger.ts';
import type { Databases } from './database/databases.ts';
import type { SimHosts } from './disk/sim-hosts.ts';
import { notingDuty, watchedLooks } from './duty-watch.ts';
import type { ServiceKind } from './service-process.ts';
import { SIM_POLICY } from './sim-policy.ts';

export interface ServiceWorld {
  readonly log: MemoryLog;
  readonly hosts: SimHosts;
  readonly databases: Databases;
  /** By epoch and event id, the offset up to which an authority had folded when it decided. */
  readonly decidedOn: Map<string, number>;
  readonly onViolation: (violation: Violation) => void;
}

export const serviceKinds = (world: ServiceWorld): Readonly<Record<string, ServiceKind>> => {
  const { log, hosts, decidedOn, databases, onViolation } = world;
  const collector = (hostId: string, scope: 'host' | 'any'): ServiceKind => ({
    name: 'evidence-collector',
    group: `evidence-collector.${scope}.${hostId}`,
    body: ({ instanceId, process, appender }) => ({
      opener: appendingOpener(appender),
      duty: watchedLooks(
        collectorDuty({
          collectorId: instanceId,
          hostId,
          scope,
          look: hosts.look,
          sleep: (ms, signal) => process.sleep(ms, signal),
          wallNow: () => process.wallNow(),
        }),
        log,
        onViolation,
      ),
    }),
  });
  return {
    authority: {
      name: 'lease-authority',
      group: 'lease-authority',
      body: ({ line, instanceId }) => ({
        duty: notingDuty(authorityDuty(), decidedOn),
        opener: epochOpener(log.epochWriter(line), instanceId),
      }),
      failureIsLoss: true,
    },
    detector: {
      name: 'stale-detector',
      group: 'stale-detector',
      body: ({ appender, process, instanceId }) => ({
        duty: detectorDuty(SIM_POLICY),
        opener: appendingOpener(appender),
        background: (_over, runtime) =>
          void runTicker(
            runtime,
            {
              appender,
              clock: process,
              instanceId,
              tickEveryMs: SIM_POLICY.tickEveryMs,
              onFailed: () => undefined,
            },
            new AbortController().signal,
          ),
      }),
    },
    decider: {
      name: 'recovery-decider',
      group: 'recovery-decider',
      body: ({ appender }) => ({ duty: deciderDuty, opener: appendingOpener(appender) }),
    },
    projector: { name: 'projector', group: 'projector', body: (parts) => databases.projector(parts) },
    collectorOfH1: collector('h1', 'any'),
    collectorOfH2: collector('h2', 'host'),
  };
};
