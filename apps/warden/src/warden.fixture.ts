import {
  partitionOf,
  deployTopic,
  KafkaAppender,
  rangeOf,
  type KafkaConnection,
} from '@profile-warden/kafka';
import type { NewEvent, WardenEvent } from '@profile-warden/events';
import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import {
  beat,
  decided,
  evidence,
  leaseGranted,
  request,
  stepStarted,
  suspected,
} from '@profile-warden/testkit/spec';
import { setTimeout as sleep } from 'node:timers/promises';
import { run } from './program.ts';

export interface Ran {
  readonly code: number;
  readonly out: readonly string[];
  readonly err: string;
  readonly tookMs: number;
}

/** A topic of its own, written by hand as the services would, and the command line over it. */
export interface WardenFixture {
  readonly partitionCount: number;
  readonly env: Readonly<Record<string, string>>;
  append(profileId: string, ...events: readonly WardenEvent[]): Promise<readonly number[]>;
  /** Log time goes on by about so much, in every partition. */
  pass(ms: number): Promise<void>;
  /** The worker of `profileId` falls silent in a sensitive step, and the case comes to a person. */
  bringToReview(profileId: string, leaseMs?: number): Promise<void>;
  warden(...args: readonly string[]): Promise<Ran>;
  /** By partition, where the log ends. */
  ends(): Promise<readonly number[]>;
  close(): Promise<void>;
}

const TICK_MS = 1_000;

export const runWarden = async (
  args: readonly string[],
  env: Readonly<Record<string, string>>,
): Promise<Ran> => {
  const out: string[] = [];
  const err: string[] = [];
  const startedAt = performance.now();
  const code = await run(args, { env, out: (line) => out.push(line), err: (line) => err.push(line) });
  return { code, out, err: err.join('\n'), tookMs: performance.now() - startedAt };
};

export const wardenFixture = async (partitionCount = 2): Promise<WardenFixture> => {
  const { brokers, registryUrl } = parts();
  const connection: KafkaConnection = { brokers, clientId: 'spec' };
  const topic = freshTopicName();
  const { schemaIds } = await deployTopic({ connection, registryUrl, topic, partitionCount });
  const appender = new KafkaAppender({ connection, topic, partitionCount, schemaIds, source: 'spec' });
  const partitions = Array.from({ length: partitionCount }, (_, partition) => partition);
  const env = {
    WARDEN_BROKERS: brokers.join(','),
    WARDEN_REGISTRY_URL: registryUrl,
    WARDEN_TOPIC: topic,
    WARDEN_PARTITIONS: String(partitionCount),
    WARDEN_OPERATOR: 'olga',
  };
  let written = 0;
  const toAll = (event: WardenEvent): Promise<readonly number[]> =>
    appender.append(
      partitions.map((partition) => ({ id: `spec-${(written += 1)}`, profileId: null, partition, event })),
    );
  const epochs = await toAll({ type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'spec' });
  await toAll({ type: 'ClockTicked', intervalMs: TICK_MS, epoch: -1 });
  const append: WardenFixture['append'] = (profileId, ...events) =>
    appender.append(events.map((event): NewEvent => ({ id: `spec-${(written += 1)}`, profileId, event })));
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= TICK_MS) {
      await sleep(Math.min(left, TICK_MS));
      await toAll({ type: 'ClockTicked', intervalMs: TICK_MS, epoch: -1 });
    }
  };
  return {
    partitionCount,
    env,
    append,
    pass,
    async bringToReview(profileId, leaseMs = 300) {
      const epoch = epochs[partitionOf(profileId, partitionCount)] ?? -1;
      const offsets = await append(
        profileId,
        request(),
        leaseGranted(epoch, { leaseMs }),
        beat(),
        beat('reachable', { token: 9 }),
        stepStarted('pay', 'sensitive', { name: 'pay the order' }),
        beat(),
        beat(),
      );
      const last = offsets.at(-1) ?? -1;
      await pass(400);
      await append(
        profileId,
        suspected('heartbeat-stopped', last, { silenceMs: 300 }),
        {
          type: 'Quarantined',
          epoch,
          token: 1,
          round: 1,
          cause: 'heartbeat-stopped',
          suspicionOffset: last + 1,
          fenceTargets: [],
        },
        // A look that found nothing out sends the case on at any time: it frees nobody.
        evidence(last, {
          findings: { ...evidence(0).findings, browserAlive: { value: 'unknown', how: 'none', at: 0 } },
        }),
        decided(last, { outcome: 'manual-review', rule: 'sensitive-open', reasons: ['step pay is open'] }),
      );
    },
    warden: (...args) => runWarden(args, env),
    ends: () =>
      Promise.all(
        partitions.map(
          async (partition) => (await rangeOf({ connection, topic, partitionCount, partition })).end,
        ),
      ),
    close: () => appender.close(),
  };
};
