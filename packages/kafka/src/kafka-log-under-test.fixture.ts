import { encodeEvent, type NewEvent } from '@profile-warden/events';
import {
  SESSION_MS,
  type LogUnderTest,
  type OpenLog,
  type OpenTransaction,
} from '@profile-warden/testkit/contract';
import type { Message, Producer } from 'kafkajs';
import { createKafka } from './connection.ts';
import { freshLog, type LogFixture } from './log-fixture.ts';
import { KafkaLogReader } from './log-reader.ts';

const CLUSTER = 'contract';

/** Plain clients of the library, for what no adapter of ours would do. */
class Outsider {
  readonly #log: LogFixture;
  readonly #producers: Producer[] = [];

  constructor(log: LogFixture) {
    this.#log = log;
  }

  async plant(message: Message): Promise<void> {
    const producer = await this.#connected({});
    await producer.send({ topic: this.#log.topic, messages: [message] });
  }

  /** Under the transactional id of whoever decides for the partition. */
  async leaveOpen(partition: number, events: readonly NewEvent[]): Promise<OpenTransaction> {
    const { topic, schemaIds } = this.#log;
    const producer = await this.#connected({
      transactionalId: `${CLUSTER}.lease-authority.${topic}.${partition}`,
    });
    const transaction = await producer.transaction();
    const messages = events.map((event) => {
      const { key, value, headers } = encodeEvent(event, { schemaIds, source: 'outsider' });
      return { key, value, headers, partition };
    });
    await transaction.send({ topic, messages });
    return { end: (isCommitted) => (isCommitted ? transaction.commit() : transaction.abort()) };
  }

  async close(): Promise<void> {
    await Promise.all(this.#producers.map((producer) => producer.disconnect()));
  }

  async #connected(options: { readonly transactionalId?: string }): Promise<Producer> {
    const kafka = createKafka(this.#log.connection, { requestTimeoutMs: 5_000, retry: {} });
    const producer = kafka.producer(options);
    this.#producers.push(producer);
    await producer.connect();
    return producer;
  }
}

/** A topic of its own on the broker of this test run, with the real adapters. */
export const kafkaLogUnderTest: OpenLog = async (partitionCount) => {
  const fixture = await freshLog(partitionCount);
  const outsider = new Outsider(fixture);
  const closers: (() => Promise<unknown>)[] = [() => outsider.close()];
  const closing = <T>(made: T, close: (made: T) => Promise<unknown>): T => {
    closers.unshift(() => close(made));
    return made;
  };
  const log: LogUnderTest = {
    partitionCount,
    schemaIds: fixture.schemaIds,
    appender: () => closing(fixture.appender(), (appender) => appender.close()),
    epochWriter: () => {
      const writer = fixture.epochs({ cluster: CLUSTER });
      return {
        takeOver: async (...args) => closing(await writer.takeOver(...args), (epoch) => epoch.close()),
      };
    },
    reader: (share) => {
      // A group belongs to the cluster, and the next test wants one of its own.
      const assignment = 'groupId' in share ? { groupId: `${share.groupId}.${fixture.topic}` } : share;
      const reader = new KafkaLogReader({ ...fixture, assignment, sessionMs: SESSION_MS });
      return closing(reader, (one) => one.stop());
    },
    leaveOpen: (partition, events) => outsider.leaveOpen(partition, events),
    plant: (partition, { key, value, headers }) =>
      outsider.plant({ partition, key, value, headers: { ...headers } }),
    pass: (ms) => new Promise((resolve) => setTimeout(resolve, ms)),
    close: async () => {
      for (const close of closers) await close();
      fixture.registry.close();
    },
  };
  return log;
};
