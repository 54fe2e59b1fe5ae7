/** For specs that need the process itself: a topic and a database of its own, stories for the log, and a judge of the rows. */
import { startServices, type Services } from '@profile-warden/devstack';
import type { LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';
import {
  KafkaAppender,
  SchemaRegistryClient,
  WriterSchemas,
  deployTopic,
  partitionOf,
  rangeOf,
  readPartition,
  type KafkaConnection,
} from '@profile-warden/kafka';
import { READ_SCHEMA, loadPosition, openPool, type Pool } from '@profile-warden/postgres';
import { freshDatabase, freshTopicName, parts } from '@profile-warden/testkit/parts';
import {
  beat,
  decided,
  evidence,
  leaseGranted,
  quarantineRequested,
  request,
  stepStarted,
} from '@profile-warden/testkit/spec';
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

const WARDEN = fileURLToPath(new URL('../../../apps/warden/src/main.ts', import.meta.url));
const PARTITION_COUNT = 2;
const WAIT_MS_MAX = 30_000;
const CROWD_APPEND_MAX = 1_000;

export interface ProjectorWorld extends AsyncDisposable {
  readonly url: string;
  readonly pool: Pool;
  /**
   * Starts it as a group of its own where a `cluster` is named. `url`: its way to the read model. `accounts`: a database
   * that it serves as the fence target of this name.
   */
  start(options?: {
    readonly url?: string;
    readonly cluster?: string;
    readonly accounts?: string;
  }): Promise<Services>;
  /** A profile that is leased, quarantined, looked at and brought to a person. */
  story(partition: number, fenceTargets?: readonly string[]): Promise<void>;
  /** So many small events that the archive keeps, of one profile more. */
  crowd(partition: number, count: number): Promise<void>;
  /** Waits until so many fences of a partition are confirmed on the log. */
  confirmed(partition: number, count: number): Promise<void>;
  projected(): Promise<void>;
  /** Throws where `warden projection verify` finds a row that the log does not come to. */
  verified(): Promise<void>;
}

export const projectorWorld = async (): Promise<ProjectorWorld> => {
  const { brokers, registryUrl } = parts();
  const connection: KafkaConnection = { brokers, clientId: 'spec' };
  const topic = freshTopicName();
  const at = { topic, partitionCount: PARTITION_COUNT };
  const { schemaIds } = await deployTopic({ connection, registryUrl, ...at });
  const appender = new KafkaAppender({ connection, ...at, schemaIds, source: 'spec' });
  const url = await freshDatabase();
  const pool = openPool(url, { applicationName: 'spec', schema: READ_SCHEMA });
  const env = {
    WARDEN_BROKERS: brokers.join(','),
    WARDEN_REGISTRY_URL: registryUrl,
    WARDEN_TOPIC: topic,
    WARDEN_PARTITIONS: String(PARTITION_COUNT),
    WARDEN_FENCE_TARGETS: '',
  };
  const registry = new SchemaRegistryClient({ url: registryUrl, clientId: 'spec' });
  const schemas = new WriterSchemas(schemaIds, registry);
  const epochs = new Map<number, number>();
  let written = 0;
  const append = (events: readonly Omit<NewEvent, 'id'>[]): Promise<readonly number[]> =>
    appender.append(events.map((event) => ({ ...event, id: `spec-${(written += 1)}` })));

  /** The partition's authority, which never comes before a story of the partition. */
  const epochOf = async (partition: number): Promise<number> => {
    const known = epochs.get(partition);
    if (known !== undefined) return known;
    const event = { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'spec' } as const;
    const [epoch = -1] = await append([{ profileId: null, partition, event }]);
    epochs.set(partition, epoch);
    return epoch;
  };

  return {
    url,
    pool,
    start: (options = {}) =>
      startServices(
        { brokers, registryUrl, postgresUrl: options.url ?? url },
        {
          names: ['projector'],
          deploy: false,
          topic,
          cluster: options.cluster ?? topic,
          env:
            options.accounts === undefined
              ? env
              : { ...env, WARDEN_FENCE_TARGETS: `accounts=${options.accounts}` },
        },
      ),
    crowd: async (partition, count) => {
      const profileId = idIn(partition, written);
      await epochOf(partition);
      for (let left = count; left > 0; left -= CROWD_APPEND_MAX)
        await append(
          Array.from({ length: Math.min(left, CROWD_APPEND_MAX) }, () => ({
            profileId,
            event: stepStarted('look', 'read'),
          })),
        );
    },
    confirmed: async (partition, count) => {
      const untilMs = performance.now() + WAIT_MS_MAX;
      for (;;) {
        let found = 0;
        const onRecord = ({ event }: LogRecord): void => {
          if (event.type === 'FenceConfirmed') found += 1;
        };
        await readPartition({ connection, ...at, schemas, partition, onRecord });
        if (found >= count) return;
        if (performance.now() > untilMs)
          throw new Error(`${found} of ${count} fences were confirmed in time`);
        await sleep(100);
      }
    },
    story: async (partition, fenceTargets = []) => {
      const profileId = idIn(partition, written);
      const epoch = await epochOf(partition);
      const say = async (...events: readonly WardenEvent[]): Promise<number> =>
        (await append(events.map((event) => ({ profileId, event })))).at(-1) ?? -1;
      const last = await say(
        request(),
        leaseGranted(epoch),
        beat(),
        stepStarted('pay', 'sensitive'),
        quarantineRequested(),
      );
      const quarantined = await say({
        type: 'Quarantined',
        epoch,
        token: 1,
        round: 1,
        cause: 'operator',
        suspicionOffset: last,
        fenceTargets: [...fenceTargets],
      });
      const looked = await say(evidence(quarantined));
      await say(
        decided(looked, { outcome: 'manual-review', rule: 'operator', reasons: ['asked for'] }),
        beat(),
      );
    },
    projected: async () => {
      const untilMs = performance.now() + WAIT_MS_MAX;
      for (const partition of epochs.keys()) {
        const { end } = await rangeOf({ connection, ...at, partition });
        while ((await loadPosition(pool, partition)).nextOffset < end) {
          if (performance.now() > untilMs)
            throw new Error(`partition ${partition} was not projected in time`);
          await sleep(20);
        }
      }
    },
    verified: async () => {
      await promisify(execFile)(process.execPath, [WARDEN, 'projection', 'verify'], {
        env: { ...process.env, ...env, WARDEN_DATABASE_URL: url },
      });
    },
    [Symbol.asyncDispose]: async () => {
      registry.close();
      await Promise.all([pool.end(), appender.close()]);
    },
  };
};

const idIn = (partition: number, seed: number): string => {
  for (let salt = 0; ; salt += 1)
    if (partitionOf(`story-${seed}.${salt}`, PARTITION_COUNT) === partition) return `story-${seed}.${salt}`;
};

/** Waits until the process is gone, whoever ended it. */
export const untilGone = async (pid: number): Promise<void> => {
  const untilMs = performance.now() + WAIT_MS_MAX;
  for (;;) {
    try {
      process.kill(pid, 0);
    } catch {
      return;
    }
    if (performance.now() > untilMs) throw new Error(`process ${pid} has not ended`);
    await sleep(20);
  }
};
