import type { NewEvent } from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  type KafkaConnection,
} from '@profile-warden/kafka';
import type { Loop } from './load.ts';

const request = (id: string): NewEvent => ({
  id,
  profileId: id,
  event: {
    type: 'LeaseRequested',
    requestId: id,
    workerId: 'bench',
    incarnation: id,
    hostId: 'bench',
    bootId: 'bench',
    pid: 1,
    processStart: 1,
    pidNamespace: '',
    taskId: 'bench',
    intent: 'fresh',
    readOnly: true,
    waitMs: 0,
    maxRuntimeMs: null,
    tenant: null,
    proxyId: null,
    browserKind: 'chromium',
    browserVersion: '140',
    profileDirectory: null,
    profileDirectoryId: null,
  },
});

/** The lease-authority seen by a worker: a request appended, its grant read back. Each id is a profile of its own. */
export const openGrantLoop = async (stack: {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
}): Promise<{ readonly loop: Loop; readonly close: () => Promise<void> }> => {
  const { topic, partitionCount } = stack;
  const connection: KafkaConnection = { brokers: stack.brokers, clientId: 'bench' };
  const registry = new SchemaRegistryClient({ url: stack.registryUrl, clientId: 'bench' });
  const schemaIds = await registry.schemaIds();
  const appender = new KafkaAppender({
    connection,
    topic,
    partitionCount,
    schemaIds,
    source: 'bench',
    queuedCountMax: 50_000,
  });
  const schemas = new WriterSchemas(schemaIds, registry);
  const tail = new KafkaTailReader({ connection, topic, partitionCount, schemas });
  return {
    loop: {
      start: async (onAnswer) => {
        tail.start(({ event }) => {
          if (event.type === 'LeaseGranted') onAnswer(event.requestId);
        });
        for (let partition = 0; partition < partitionCount; partition += 1) await tail.follow(partition);
        await appender.connect();
      },
      ask: (ids) => appender.append(ids.map(request)),
    },
    close: async () => {
      await tail.stop();
      await appender.close();
      registry.close();
    },
  };
};
