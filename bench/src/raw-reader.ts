import { Kafka, logLevel } from 'kafkajs';

/** Counts what plain kafkajs delivers, from the assignment to the end of the topic. */
const [brokers = '', topic = '', groupId = ''] = process.argv.slice(2);
const kafka = new Kafka({ brokers: brokers.split(','), clientId: groupId, logLevel: logLevel.NOTHING });

const admin = kafka.admin();
await admin.connect();
const ends = new Map(
  (await admin.fetchTopicOffsets(topic)).map(({ partition, high }) => [partition, Number(high)]),
);
await admin.disconnect();

const consumer = kafka.consumer({ groupId, maxWaitTimeInMs: 100, minBytes: 1 });
await consumer.connect();
await consumer.subscribe({ topics: [topic], fromBeginning: true });
let count = 0;
let startedAt = 0;
consumer.on(consumer.events.GROUP_JOIN, () => {
  startedAt = performance.now();
});
await new Promise<void>((resolve) => {
  void consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: ends.size,
    eachBatch: ({ batch }) => {
      count += batch.messages.length;
      // The last offset may be a transaction marker, which is never delivered.
      if (Number(batch.lastOffset()) + 2 >= (ends.get(batch.partition) ?? 0)) ends.delete(batch.partition);
      if (ends.size === 0) resolve();
      return Promise.resolve();
    },
  });
});
const rate = (count * 1000) / (performance.now() - startedAt);
await consumer.disconnect();
process.send?.(rate, () => process.exit(0));
