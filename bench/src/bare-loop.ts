import {
  ANSWER,
  BARE_PARTITIONS,
  BARE_TOPIC,
  REQUEST,
  bareConsumer,
  bareProducer,
  joined,
} from './bare-topic.ts';

/**
 * The other half of the bare loop, in a process of its own as the authority is: consume, answer what a batch holds in
 * one transaction of its partition, go on. No decode, no state, no decision.
 */
const BATCH_MAX = 500;
const brokers = (process.argv[2] ?? '').split(',');

const producers = await Promise.all(
  Array.from({ length: BARE_PARTITIONS }, async (_, partition) => {
    const producer = bareProducer(brokers, `bare-loop.${partition}`);
    await producer.connect();
    return producer;
  }),
);

const consumer = await bareConsumer(brokers, 'bare-loop');
await joined(consumer, () =>
  consumer.run({
    autoCommit: false,
    partitionsConsumedConcurrently: BARE_PARTITIONS,
    eachBatch: async ({ batch }) => {
      const requests = batch.messages.filter(({ value }) => value?.equals(REQUEST));
      for (let index = 0; index < requests.length; index += BATCH_MAX) {
        const transaction = await producers[batch.partition]?.transaction();
        await transaction?.send({
          topic: BARE_TOPIC,
          acks: -1,
          messages: requests
            .slice(index, index + BATCH_MAX)
            .map(({ key }) => ({ key, value: ANSWER, partition: batch.partition })),
        });
        await transaction?.commit();
      }
    },
  }),
);
process.send?.('ready');
process.on('disconnect', () => process.exit(0));
