import { Kafka, logLevel } from 'kafkajs';

/** The library as it is: a member of a group that reads a topic, and a producer, with nothing to do. */
const [brokers = '', topic = '', waitMs = ''] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(','), clientId: 'bare-idle', logLevel: logLevel.NOTHING });
const consumer = kafka.consumer({ groupId: 'bare-idle', maxWaitTimeInMs: 100, heartbeatInterval: 300 });
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: false });
const joined = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
await consumer.run({ autoCommit: false, eachBatch: () => Promise.resolve() });
const producer = kafka.producer({ idempotent: true });
await producer.connect();
await producer.send({ topic, messages: [{ value: 'connected' }] });
await joined;
await new Promise((resolve) => setTimeout(resolve, 2_000));

const before = process.cpuUsage();
await new Promise((resolve) => setTimeout(resolve, Number(waitMs)));
const { user, system } = process.cpuUsage(before);
process.send?.((user + system) / 1_000 / Number(waitMs), () => process.exit(0));
