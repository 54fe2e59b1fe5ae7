import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import type { EventType, LogRecord } from '@profile-warden/events';
import { KafkaAppender, type AppenderOptions } from './appender.ts';
import type { KafkaConnection } from './connection.ts';
import { deployTopic } from './deployment.ts';
import { KafkaEpochWriter, type EpochWriterOptions } from './epoch-writer.ts';
import { rangeOf, readPartition } from './partition-scan.ts';
import { SchemaRegistryClient } from './registry.ts';
import { WriterSchemas } from './writer-schemas.ts';

export { barrier, heartbeat, idsOf, never, tick } from '@profile-warden/testkit/contract';

/** A topic of its own with registered schemas, and everything that writes to it or reads it. */
export interface LogFixture {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  readonly schemas: WriterSchemas;
  readonly registry: SchemaRegistryClient;
  appender(options?: Partial<AppenderOptions>): KafkaAppender;
  epochs(options?: Partial<EpochWriterOptions>): KafkaEpochWriter;
  /** Everything committed in the partition. */
  scan(partition?: number): Promise<LogRecord[]>;
  end(partition?: number): Promise<number>;
}

export async function freshLog(partitionCount = 1): Promise<LogFixture> {
  const { brokers, registryUrl } = parts();
  const connection: KafkaConnection = { brokers, clientId: 'spec' };
  const topic = freshTopicName();
  const { schemaIds } = await deployTopic({ connection, registryUrl, topic, partitionCount });
  const registry = new SchemaRegistryClient({ url: registryUrl });
  const schemas = new WriterSchemas(schemaIds, registry);
  const writing = { connection, topic, partitionCount, schemaIds, source: 'spec' };
  const reading = { connection, topic, partitionCount, schemas };
  return {
    ...writing,
    schemas,
    registry,
    appender: (options) => new KafkaAppender({ ...writing, ...options }),
    epochs: (options) => new KafkaEpochWriter({ ...writing, cluster: 'spec', ...options }),
    async scan(partition = 0) {
      const records: LogRecord[] = [];
      await readPartition({ ...reading, partition, onRecord: (record) => records.push(record) });
      return records;
    },
    end: async (partition = 0) => (await rangeOf({ ...reading, partition })).end,
  };
}

/** Waits for a condition that the other side brings about; fails after `boundMs`. */
export async function eventually(condition: () => boolean, boundMs = 15_000): Promise<void> {
  const until = performance.now() + boundMs;
  while (!condition()) {
    if (performance.now() > until) throw new Error(`not so within ${boundMs} ms`);
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
