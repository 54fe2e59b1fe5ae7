import kafkajs, { type Admin } from 'kafkajs';
import { createKafka, type KafkaConnection } from './connection.ts';
import { KafkaSetupError } from './setup-error.ts';
import { detailOf } from './signal.ts';
import { backoffMs, pause } from './wait.ts';

const { ConfigResourceTypes } = kafkajs;

export interface TopicSettings {
  readonly topic: string;
  /** Chosen for life: another count sends profiles to other partitions and their tokens back to 1. */
  readonly partitionCount: number;
  /** Default 1, for development; production takes 3. */
  readonly replicationFactor?: number;
  /** Default 1 below three replicas, else 2. */
  readonly minInSyncReplicas?: number;
  /** Ms a record is kept. Default 30 days; -1 keeps all. */
  readonly retentionMs?: number;
}

export const DEFAULT_TOPIC = 'profile-leases.v1';
const LED_MS_MAX = 30_000;
const RETENTION_MS = 30 * 24 * 60 * 60 * 1000;
const RETRY = { initialRetryTime: 100, multiplier: 2, maxRetryTime: 2_000, retries: 5 };
const CHECKED = [
  'cleanup.policy',
  'message.timestamp.type',
  'compression.type',
  'min.insync.replicas',
] as const;

/** Codecs that the client library can unpack without further packages. */
const READABLE = new Set(['uncompressed', 'gzip']);

/**
 * `compression.type` makes the broker re-encode what a foreign producer sends; with the broker's default, one
 * snappy batch would stop every reader. Uncompressed and not gzip, since the log is mostly transactions of a few
 * records: packing these costs the broker time on the way to a grant and saves next to nothing.
 */
export function topicConfig(settings: TopicSettings): Record<string, string> {
  const { replicationFactor = 1, retentionMs = RETENTION_MS } = settings;
  const { minInSyncReplicas = replicationFactor >= 3 ? 2 : 1 } = settings;
  return {
    'cleanup.policy': 'delete',
    'message.timestamp.type': 'LogAppendTime',
    'compression.type': 'uncompressed',
    'min.insync.replicas': String(minInSyncReplicas),
    'retention.ms': String(retentionMs),
    'unclean.leader.election.enable': 'false',
  };
}

export interface TopicFacts {
  readonly topic: string;
  readonly partitionCount: number;
  readonly replicationFactor: number;
  readonly config: Readonly<Record<string, string>>;
}

export interface CheckedTopic extends TopicFacts {
  /** Of the Kafka cluster that was asked, as it names itself. */
  readonly clusterId: string;
}

export interface TopicExpectation {
  readonly topic: string;
  readonly partitionCount: number;
  /** Refuse less than two in-sync replicas of three. Default false. */
  readonly production?: boolean;
}

/** Throws `KafkaSetupError` for the first difference that could lose or reorder what the log says. */
export function assertTopic(facts: TopicFacts, expected: TopicExpectation): void {
  const { topic, partitionCount, replicationFactor, config } = facts;
  const alter = (setting: string): string =>
    `Set it with: kafka-configs.sh --alter --topic ${topic} --add-config ${setting}`;
  if (partitionCount !== expected.partitionCount)
    throw new KafkaSetupError(
      'topic-partition-count',
      `${topic} has ${partitionCount} partitions, ${expected.partitionCount} are configured. The count never ` +
        'changes in the life of a topic: correct the configuration, or begin a new topic.',
    );
  if (config['cleanup.policy'] !== 'delete')
    throw new KafkaSetupError(
      'topic-compacted',
      `${topic} has cleanup.policy=${config['cleanup.policy'] ?? ''}: compaction deletes the history that leases ` +
        `are folded from. ${alter('cleanup.policy=delete')}`,
    );
  if (config['message.timestamp.type'] !== 'LogAppendTime')
    throw new KafkaSetupError(
      'topic-create-time',
      `${topic} keeps the timestamps of producers, so any worker's clock could age leases. ` +
        alter('message.timestamp.type=LogAppendTime'),
    );
  if (!READABLE.has(config['compression.type'] ?? ''))
    throw new KafkaSetupError(
      'topic-compression',
      `${topic} has compression.type=${config['compression.type'] ?? ''}: a batch in a foreign codec would stop ` +
        `every reader. ${alter('compression.type=uncompressed')}`,
    );
  if (expected.production !== true) return;
  if (replicationFactor < 3 || Number(config['min.insync.replicas']) < 2)
    throw new KafkaSetupError(
      'topic-replication',
      `${topic} has ${replicationFactor} replicas and min.insync.replicas=${config['min.insync.replicas'] ?? ''}; ` +
        'production needs 3 and 2, else the loss of one broker may lose a grant and issue its token again.',
    );
}

export async function inspectTopic(admin: Admin, topic: string): Promise<TopicFacts> {
  const partitions = await partitionsOf(admin, topic);
  if (partitions === undefined)
    throw new KafkaSetupError(
      'topic-missing',
      `The topic ${topic} does not exist, or this login may not see it. Create it with: npm run deploy:topic`,
    );
  const { resources } = await admin.describeConfigs({
    includeSynonyms: false,
    resources: [{ type: ConfigResourceTypes.TOPIC, name: topic, configNames: [...CHECKED] }],
  });
  const entries = resources[0]?.configEntries ?? [];
  return {
    topic,
    partitionCount: partitions.length,
    replicationFactor: Math.min(...partitions.map(({ replicas }) => replicas.length)),
    config: Object.fromEntries(entries.map(({ configName, configValue }) => [configName, configValue])),
  };
}

/** What a service calls before it opens anything else. Returns what it found. */
export function checkTopic(connection: KafkaConnection, expected: TopicExpectation): Promise<CheckedTopic> {
  return withAdmin(connection, async (admin) => {
    const facts = await inspectTopic(admin, expected.topic);
    assertTopic(facts, expected);
    const { clusterId } = await admin.describeCluster();
    return { ...facts, clusterId };
  });
}

/** Deploy step. Returns false where the topic is there already; it is not changed then. */
export async function createTopic(admin: Admin, settings: TopicSettings): Promise<boolean> {
  if ((await partitionsOf(admin, settings.topic)) !== undefined) return false;
  const isNew = await admin.createTopics({
    waitForLeaders: false,
    topics: [
      {
        topic: settings.topic,
        numPartitions: settings.partitionCount,
        replicationFactor: settings.replicationFactor ?? 1,
        configEntries: Object.entries(topicConfig(settings)).map(([name, value]) => ({ name, value })),
      },
    ],
  });
  await untilLed(admin, settings);
  return isNew;
}

/** The broker that is asked may learn of a new topic later than the one that made it; the library gives up at that. */
async function untilLed(admin: Admin, { topic, partitionCount }: TopicSettings): Promise<void> {
  const until = performance.now() + LED_MS_MAX;
  for (let attempt = 0; ; attempt += 1) {
    const partitions = await partitionsOf(admin, topic).catch(() => undefined);
    if (partitions?.length === partitionCount && partitions.every(({ leader }) => leader >= 0)) return;
    if (performance.now() > until)
      throw new KafkaSetupError(
        'topic-missing',
        `${topic} was created, but not all of its partitions have a leader after ${LED_MS_MAX} ms. Look at the brokers, and ` +
          'at whether this login may describe the topic.',
      );
    await pause(backoffMs(attempt, 20, 500));
  }
}

export async function withAdmin<T>(
  connection: KafkaConnection,
  work: (admin: Admin) => Promise<T>,
): Promise<T> {
  const admin = createKafka(connection, { requestTimeoutMs: 10_000, retry: RETRY }).admin();
  try {
    await admin.connect();
  } catch (cause) {
    const brokers = connection.brokers.join(', ');
    if (isOneOf(cause, ({ name }) => name === 'KafkaJSSASLAuthenticationError'))
      throw new KafkaSetupError(
        'broker-refused',
        `The brokers at ${brokers} refuse the login (${detailOf(cause)}). Correct mechanism, user name or password.`,
        { cause },
      );
    if (isOneOf(cause, ({ message }) => UNTRUSTED.test(message)))
      throw new KafkaSetupError(
        'broker-untrusted',
        `The certificate of the brokers at ${brokers} is not to be trusted (${detailOf(cause)}). Name its authority ` +
          'in NODE_EXTRA_CA_CERTS, or the host as the certificate does.',
        { cause },
      );
    throw new KafkaSetupError(
      'broker-unreachable',
      `No broker answers at ${connection.brokers.join(', ')} (${detailOf(cause)}). Start Kafka, or correct the address.`,
      { cause },
    );
  }
  try {
    return await work(admin);
  } finally {
    await admin.disconnect().catch(() => undefined);
  }
}

/** What OpenSSL and Node say of a certificate that they do not take. */
const UNTRUSTED =
  /self-signed certificate|unable to (?:verify|get)|certificate has expired|Hostname\/IP does not match/;

/** The library wraps an error once for each layer that tries again. */
function isOneOf(error: unknown, isMeant: (error: Error) => boolean): boolean {
  for (let cause = error; cause instanceof Error; cause = cause.cause) if (isMeant(cause)) return true;
  return false;
}

async function partitionsOf(
  admin: Admin,
  topic: string,
): Promise<{ replicas: number[]; leader: number }[] | undefined> {
  if (!(await admin.listTopics()).includes(topic)) return undefined;
  const { topics } = await admin.fetchTopicMetadata({ topics: [topic] });
  return topics[0]?.partitions;
}
