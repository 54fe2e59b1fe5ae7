import { collectorDuty } from '@profile-warden/evidence-collector';
import { authorityDuty, epochOpener } from '@profile-warden/lease-authority';
import { deciderDuty } from '@profile-warden/recovery-decider';
import { appendingOpener, type Opener } from '@profile-warden/service';
import { detectorDuty, runTicker } from '@profile-warden/stale-detector';
import type { MemoryLog } from '../memory/index.ts';
import type { Violation } from '../walk/ledger.ts';
import type { Databases } from './database/databases.ts';
import type { SimHosts } from './disk/sim-hosts.ts';
import { notingDuty, watchedLooks } from './duty-watch.ts';
import type { ServiceKind, ServiceParts } from './service-process.ts';
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
  const appending = (parts: ServiceParts): Opener =>
    databases.restored(appendingOpener(parts.appender), parts);
  const collector = (hostId: string, scope: 'host' | 'any'): ServiceKind => ({
    name: 'evidence-collector',
    group: `evidence-collector.${scope}.${hostId}`,
    body: (parts) => ({
      opener: appending(parts),
      duty: watchedLooks(
        collectorDuty({
          collectorId: parts.instanceId,
          hostId,
          scope,
          look: hosts.look,
          sleep: (ms, signal) => parts.process.sleep(ms, signal),
          wallNow: () => parts.process.wallNow(),
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
      body: (parts) => ({
        duty: notingDuty(authorityDuty(), decidedOn),
        opener: databases.restored(epochOpener(log.epochWriter(parts.line), parts.instanceId), parts),
      }),
      failureIsLoss: true,
    },
    detector: {
      name: 'stale-detector',
      group: 'stale-detector',
      body: (parts) => ({
        duty: detectorDuty(SIM_POLICY),
        opener: appending(parts),
        background: (_over, runtime) =>
          void runTicker(
            runtime,
            {
              appender: parts.appender,
              clock: parts.process,
              instanceId: parts.instanceId,
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
      body: (parts) => ({ duty: deciderDuty, opener: appending(parts) }),
    },
    projector: { name: 'projector', group: 'projector', body: (parts) => databases.projector(parts) },
    collectorOfH1: collector('h1', 'any'),
    collectorOfH2: collector('h2', 'host'),
  };
};
