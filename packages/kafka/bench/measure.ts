/**
 * Transactions and reads against a real broker and registry, on a topic of its own that is deleted at the end.
 * WARDEN_BROKERS=… WARDEN_REGISTRY_URL=… node packages/kafka/bench/measure.ts [heartbeats]
 */
import type { NewEvent } from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaEpochWriter,
  KafkaLogReader,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  deployTopic,
  type KafkaConnection,
} from '../src/index.ts';
import { createKafka } from '../src/connection.ts';
import { withAdmin } from '../src/topic.ts';

const connection: KafkaConnection = {
  brokers: (process.env.WARDEN_BROKERS ?? '127.0.0.1:9092').split(','),
  clientId: 'measure',
};
const registryUrl = process.env.WARDEN_REGISTRY_URL ?? '';
const heartbeatCount = Number(process.argv[2] ?? 200_000);
const topic = `measure.${process.pid}.${Date.now()}`;
const partitionCount = 1;
const say = (text: string): void => void process.stdout.write(`${text}\n`);

const heartbeat = (seq: number): NewEvent => ({
  id: `w1.${seq}`,
  profileId: `profile-${seq % 5000}`,
  event: {
    type: 'Heartbeat',
    token: 7,
    incarnation: 'a1b2c3d4e5f6',
    seq,
    browser: 'reachable',
    loopLagMs: 3,
  },
});
const tick = (seq: number): NewEvent => ({
  id: `tick.${seq}`,
  profileId: null,
  partition: 0,
  event: { type: 'ClockTicked', intervalMs: 1000, epoch: -1 },
});
const barrier: NewEvent = {
  id: 'barrier',
  profileId: null,
  partition: 0,
  event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'measure' },
};

const quantile = (sorted: readonly number[], q: number): string =>
  (sorted[Math.floor((sorted.length - 1) * q)] ?? Number.NaN).toFixed(2);

async function timed(count: number, work: (index: number) => Promise<unknown>): Promise<string> {
  const each: number[] = [];
  const begun = performance.now();
  for (let index = 0; index < count; index += 1) {
    const at = performance.now();
    await work(index);
    each.push(performance.now() - at);
  }
  const perSecond = Math.round(count / ((performance.now() - begun) / 1000));
  each.sort((a, b) => a - b);
  return `${perSecond}/s, median ${quantile(each, 0.5)} ms, p99 ${quantile(each, 0.99)} ms`;
}

/** Records per second of the clock, and per second of processor time, which other load on the machine bends less. */
interface Rate {
  readonly wall: number;
  readonly cpu: number;
}

function meter(): (count: number) => Rate {
  const begun = performance.now();
  const before = process.cpuUsage();
  return (count) => {
    const { user, system } = process.cpuUsage(before);
    return { wall: count / ((performance.now() - begun) / 1000), cpu: count / ((user + system) / 1e6) };
  };
}

async function rawRate(): Promise<Rate> {
  const kafka = createKafka(connection, { requestTimeoutMs: 10_000, retry: {} });
  const consumer = kafka.consumer({ groupId: `raw.${topic}`, maxWaitTimeInMs: 100, minBytes: 1 });
  await consumer.connect();
  await consumer.subscribe({ topics: [topic], fromBeginning: true });
  let seen = 0;
  let rate = meter();
  await new Promise<void>((resolve) => {
    void consumer.run({
      autoCommit: false,
      eachBatch: ({ batch }) => {
        if (seen === 0) rate = meter();
        seen += batch.messages.length;
        if (seen >= heartbeatCount) resolve();
        return Promise.resolve();
      },
    });
  });
  const result = rate(seen);
  await consumer.disconnect();
  return result;
}

async function readerRate(schemas: WriterSchemas): Promise<Rate> {
  const reader = new KafkaLogReader({
    connection,
    topic,
    partitionCount,
    schemas,
    assignment: { partitions: [0] },
  });
  let seen = 0;
  let rate = meter();
  await new Promise<void>((resolve, reject) => {
    reader.failed.catch(reject);
    void reader.start({
      assigned: () => Promise.resolve({ from: 0 }),
      revoked: () => undefined,
      records: (_partition, records) => {
        if (seen === 0) rate = meter();
        seen += records.length;
        if (seen >= heartbeatCount) resolve();
        return Promise.resolve();
      },
    });
  });
  const result = rate(seen);
  await reader.stop();
  return result;
}

const { schemaIds } = await deployTopic({ connection, registryUrl, topic, partitionCount });
const registry = new SchemaRegistryClient({ url: registryUrl });
const schemas = new WriterSchemas(schemaIds, registry);
const writing = { connection, topic, partitionCount, schemaIds, source: 'measure' };

const appender = new KafkaAppender({ ...writing, queuedCountMax: 20_000 });
await appender.connect();
const appendedAt = performance.now();
for (let first = 0; first < heartbeatCount; first += 10_000) {
  const size = Math.min(10_000, heartbeatCount - first);
  await appender.append(Array.from({ length: size }, (_, index) => heartbeat(first + index)));
}
const appendSeconds = (performance.now() - appendedAt) / 1000;
say(`append: ${Math.round(heartbeatCount / appendSeconds)} heartbeats/s`);
say(`append one by one: ${await timed(500, (seq) => appender.append([heartbeat(seq)]))}`);

for (let round = 0; round < 3; round += 1) {
  const raw = await rawRate();
  const ours = await readerRate(schemas);
  const show = ({ wall, cpu }: Rate): string => `${Math.round(wall)}/s (${Math.round(cpu)} per cpu second)`;
  say(
    `read: raw eachBatch ${show(raw)}, reader with decode ${show(ours)}, ` +
      `ratio ${(ours.wall / raw.wall).toFixed(2)} (${(ours.cpu / raw.cpu).toFixed(2)})`,
  );
}

const writer = new KafkaEpochWriter({ ...writing, cluster: 'measure' });
const never = new AbortController().signal;
const epoch = await writer.takeOver(0, barrier, never);
say(`transactions of 1: ${await timed(500, (seq) => epoch.commit([tick(seq)]))}`);
const thousand = Array.from({ length: 1000 }, (_, seq) => tick(seq));
say(`transactions of 1000: ${await timed(100, () => epoch.commit(thousand))}`);

const tail = new KafkaTailReader({ connection, topic, partitionCount, schemas });
let arrived: () => void = () => undefined;
tail.start(() => arrived());
await tail.follow(0);
say(
  `commit to tail: ${await timed(300, async (seq) => {
    const seen = new Promise<void>((resolve) => (arrived = resolve));
    await epoch.commit([tick(seq)]);
    await seen;
  })}`,
);
say(`takeover: ${await timed(20, async () => (await writer.takeOver(0, barrier, never)).close())}`);

await tail.stop();
await epoch.close();
await appender.close();
registry.close();
await withAdmin(connection, (admin) => admin.deleteTopics({ topics: [topic] }));
