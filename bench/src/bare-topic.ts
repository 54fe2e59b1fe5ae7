import { Kafka, Partitioners, logLevel, type Consumer, type Producer } from 'kafkajs';

/** The client settings of the product, without its code. */
export const BARE_TOPIC = 'bare-loop';
export const BARE_PARTITIONS = 6;

export const REQUEST = Buffer.from('?');
export const ANSWER = Buffer.from('!');

const kafka = (brokers: readonly string[], clientId: string): Kafka =>
  new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: 3_000,
    requestTimeout: 5_000,
    logLevel: logLevel.NOTHING,
  });

export const createBareTopic = async (brokers: readonly string[]): Promise<void> => {
  const admin = kafka(brokers, 'bare-admin').admin();
  await admin.connect();
  await admin.createTopics({
    waitForLeaders: true,
    topics: [
      {
        topic: BARE_TOPIC,
        numPartitions: BARE_PARTITIONS,
        configEntries: [{ name: 'message.timestamp.type', value: 'LogAppendTime' }],
      },
    ],
  });
  await admin.disconnect();
};

export const bareProducer = (brokers: readonly string[], transactionalId?: string): Producer =>
  kafka(brokers, transactionalId ?? 'bare-producer').producer({
    ...(transactionalId === undefined ? {} : { transactionalId, transactionTimeout: 10_000 }),
    idempotent: true,
    maxInFlightRequests: 1,
    allowAutoTopicCreation: false,
    createPartitioner: Partitioners.DefaultPartitioner,
    retry: { initialRetryTime: 5, factor: 0.2, multiplier: 1.5, maxRetryTime: 500, retries: 14 },
  });

/** A consumer of the whole topic in a group of its own, at its end. */
export const bareConsumer = async (brokers: readonly string[], groupId: string): Promise<Consumer> => {
  const consumer = kafka(brokers, groupId).consumer({
    groupId,
    maxWaitTimeInMs: 100,
    minBytes: 1,
    readUncommitted: false,
    allowAutoTopicCreation: false,
  });
  await consumer.connect();
  await consumer.subscribe({ topics: [BARE_TOPIC], fromBeginning: true });
  return consumer;
};

/** Runs the consumer and resolves when it has its partitions. */
export const joined = async (consumer: Consumer, run: () => Promise<void>): Promise<void> => {
  const assigned = new Promise<void>((resolve) => consumer.on(consumer.events.GROUP_JOIN, () => resolve()));
  await run();
  await assigned;
};
