import { eventId, owedByProjector } from '@profile-warden/domain';
import { collectorDuty } from '@profile-warden/evidence-collector';
import { authorityDuty, epochOpener } from '@profile-warden/lease-authority';
import { deciderDuty } from '@profile-warden/recovery-decider';
import { appendingOpener, type Duty } from '@profile-warden/service';
import { detectorDuty, runTicker } from '@profile-warden/stale-detector';
import type { MemoryLog } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';
import type { ServiceKind } from './service-process.ts';
import type { SimHosts } from './sim-host.ts';
import { SIM_POLICY } from './sim-policy.ts';

export interface ServiceWorld {
  readonly log: MemoryLog;
  readonly random: Random;
  readonly hosts: SimHosts;
  /** By epoch and event id, the offset up to which an authority had folded when it decided. */
  readonly decidedOn: Map<string, number>;
}

/** The real duty, and beside it a note of what each decision was based on. */
const notingDuty = (decidedOn: Map<string, number>): Duty => {
  const duty = authorityDuty();
  return {
    ...duty,
    gather: (view, profiles) => {
      const work = duty.gather(view, profiles);
      for (const one of work)
        if ('event' in one && 'epoch' in one.event && one.scope !== null)
          decidedOn.set(`${one.event.epoch}|${eventId(one.scope, one.event)}`, view.state.nextOffset - 1);
      return work;
    },
  };
};

/** Stands for the projector: a fence takes its time to rise, and sometimes it fails. */
const fencingDuty = ({ random }: ServiceWorld, sleep: (ms: number) => Promise<void>): Duty => ({
  gather: (_view, profiles) =>
    profiles.flatMap((profile) => {
      const { profileId, token, round } = profile;
      return owedByProjector(profile).map((target) => ({
        scope: profileId,
        key: `${target}/${token}/${round}/${profileId}`,
        run: async () => {
          await sleep(random.between(5, 300));
          if (random.chance(0.05)) throw new Error('lock timeout');
          return { type: 'FenceConfirmed', token, target, databaseIncarnation: 'db1' } as const;
        },
      }));
    }),
  deadline: () => null,
});

export const serviceKinds = (world: ServiceWorld): Readonly<Record<string, ServiceKind>> => {
  const { log, hosts, decidedOn } = world;
  const appending: ServiceKind['opener'] = ({ appender }) => appendingOpener(appender);
  const collector = (hostId: string, scope: 'host' | 'any'): ServiceKind => ({
    name: 'evidence-collector',
    group: `evidence-collector.${scope}.${hostId}`,
    opener: appending,
    duty: ({ instanceId, process }) =>
      collectorDuty({
        collectorId: instanceId,
        hostId,
        scope,
        look: hosts.look,
        sleep: (ms, signal) => process.sleep(ms, signal),
        wallNow: () => process.now(),
      }),
  });
  return {
    authority: {
      name: 'lease-authority',
      group: 'lease-authority',
      duty: () => notingDuty(decidedOn),
      opener: ({ process, instanceId }) => epochOpener(log.epochWriter(process), instanceId),
      failureIsLoss: true,
    },
    detector: {
      name: 'stale-detector',
      group: 'stale-detector',
      duty: () => detectorDuty(SIM_POLICY),
      opener: appending,
      background: (runtime, { appender, process, instanceId }) =>
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
    },
    decider: {
      name: 'recovery-decider',
      group: 'recovery-decider',
      duty: () => deciderDuty,
      opener: appending,
    },
    projector: {
      name: 'projector',
      group: 'projector',
      duty: ({ process }) => fencingDuty(world, (ms) => process.sleep(ms)),
      opener: appending,
    },
    collectorOfH1: collector('h1', 'any'),
    collectorOfH2: collector('h2', 'host'),
  };
};
