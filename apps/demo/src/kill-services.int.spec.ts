import {
  owedByAuthority,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  type Case,
  type Policy,
} from '@profile-warden/domain';
import type { ServiceName } from '@profile-warden/devstack';
import type { EventType } from '@profile-warden/events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { crashAfterCheckpoint } from './scenes/crash-after-checkpoint.ts';
import { World } from './world.ts';

/** Faster than the demo's, every inequality kept; a child process stands in for the browser. */
const FAST: Partial<Policy> = {
  version: 'kill-1',
  tickEveryMs: 100,
  heartbeatEveryMs: 200,
  suspectAfterMs: 600,
  leaseMs: 2_000,
  unreachableAfterMs: 1_500,
  startBudgetMs: 10_000,
  settleMs: 300,
  killMs: 300,
  marginMs: 700,
  evidenceEveryMs: 500,
  collectorTimeoutMs: 10_000,
  massSilence: { fraction: 0.3, minLeases: 10, windowMs: 200, holdMs: 2_000 },
};

const BOUND_MS = 60_000;

/** What each service is frozen at, what it then owes, and the event that pays it. */
interface Sabotage {
  readonly service: ServiceName;
  readonly frozenAt: EventType | 'worker-killed';
  readonly owes: (one: Case) => boolean;
  readonly pays: EventType;
}

const SABOTAGES: readonly Sabotage[] = [
  {
    service: 'stale-detector',
    frozenAt: 'worker-killed',
    owes: (one) => owedByDetector(one) !== null,
    pays: 'SuspectedStale',
  },
  {
    service: 'lease-authority',
    frozenAt: 'SuspectedStale',
    owes: (one) => owedByAuthority(one).length > 0,
    pays: 'Quarantined',
  },
  {
    service: 'projector',
    frozenAt: 'SuspectedStale',
    owes: ({ profile }) => profile.stage.kind === 'quarantined',
    pays: 'FenceConfirmed',
  },
  {
    service: 'evidence-collector',
    frozenAt: 'FenceConfirmed',
    owes: (one) => owedByCollector(one) !== null,
    pays: 'EvidenceCollected',
  },
  {
    service: 'recovery-decider',
    frozenAt: 'FenceConfirmed',
    owes: (one) => owedByDecider(one) !== null,
    pays: 'Decided',
  },
];

/** Each of these stands in the log once, however often a service was killed. */
const ONCE: readonly EventType[] = [
  'SuspectedStale',
  'Quarantined',
  'FenceConfirmed',
  'EvidenceCollected',
  'Decided',
  'LeaseReleased',
];

describe('a service that is killed and started again', () => {
  let world: World;

  beforeAll(async () => {
    world = await World.open({
      policy: FAST,
      browser: { kind: 'other', executable: null, version: '1', name: 'stand-in' },
      brokerConfig: { 'group.min.session.timeout.ms': '1000' },
      env: { WARDEN_SESSION_MS: '1000' },
      onProgress: () => undefined,
    });
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  const expectOnce = async (profileId: string): Promise<void> => {
    await world.story.event(profileId, 'LeaseReleased', BOUND_MS);
    const counts = Object.fromEntries(ONCE.map((type) => [type, 0]));
    for (const { record } of world.story.of(profileId)) {
      const { type } = record.event;
      if (type in counts) counts[type] = (counts[type] ?? 0) + 1;
    }
    expect(counts).toEqual(Object.fromEntries(ONCE.map((type) => [type, 1])));
  };

  const expectRecovered = (result: Awaited<ReturnType<typeof crashAfterCheckpoint>>): void => {
    expect(result).toMatchObject({ outcome: 'resume-pending', tokens: [1, 2], staleWriteRefused: true });
    expect(result.offsets).toEqual([...result.offsets].sort((left, right) => left - right));
  };

  it.each(SABOTAGES)(
    '$service, killed while it owes $pays, pays it after its restart',
    async ({ service, frozenAt, owes }) => {
      const profileId = `owing-${service}`;
      const handle = world.services.of(service);
      let killed: () => void = () => undefined;
      const workerKilled = new Promise<void>((resolve) => (killed = resolve));
      const sabotage = async (): Promise<void> => {
        if (frozenAt === 'worker-killed') await workerKilled;
        else await world.story.event(profileId, frozenAt, BOUND_MS);
        await handle.kill('SIGSTOP');
        const ticking = service === 'stale-detector' ? startTicking(world, profileId) : null;
        await world.story.until(`${service} to owe`, BOUND_MS, () => {
          const one = world.story.caseOf(profileId, world.policy);
          return one !== null && owes(one);
        });
        ticking?.stop();
        await handle.kill('SIGKILL');
        await handle.restart();
      };
      const [result] = await Promise.all([crashAfterCheckpoint(world, profileId, killed), sabotage()]);
      expectRecovered(result);
      await expectOnce(profileId);
    },
    120_000,
  );

  it.each(SABOTAGES)(
    '$service, killed right after it appended $pays, does not append it again',
    async ({ service, pays }) => {
      const profileId = `paid-${service}`;
      const handle = world.services.of(service);
      const sabotage = async (): Promise<void> => {
        await world.story.event(profileId, pays, BOUND_MS);
        await handle.kill('SIGKILL');
        await handle.restart();
      };
      const [result] = await Promise.all([crashAfterCheckpoint(world, profileId), sabotage()]);
      expectRecovered(result);
      await expectOnce(profileId);
    },
    120_000,
  );
});

/** Log time goes on although the detector cannot carry it. */
const startTicking = (world: World, profileId: string): { stop: () => void } => {
  const timer = setInterval(() => {
    const partition = world.story.caseOf(profileId, world.policy)?.state.partition;
    if (partition !== undefined) void world.tick(partition);
  }, world.policy.tickEveryMs);
  return { stop: () => clearInterval(timer) };
};
