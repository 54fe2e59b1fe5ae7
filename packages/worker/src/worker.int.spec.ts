import type { LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  deployTopic,
  partitionOf,
} from '@profile-warden/kafka';
import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { connectWorker } from './connect.ts';
import { checkLogOptions } from './log-options.ts';
import type { WorkerNotice } from './notice.ts';
import { startThreadLine } from './start-line.ts';
import type { Worker } from './worker.ts';
import { checkWorkerOptions } from './worker-options.ts';

const PARTITIONS = 3;
const topic = freshTopicName();
const records: LogRecord[] = [];
let worker: Worker;
let closeAll = (): Promise<unknown> => Promise.resolve();

type Answer = (profileId: string, event: WardenEvent, epoch: number) => WardenEvent | null;

/** An authority without rules: grants everything, takes everything back. */
const answer: Answer = (profileId, event, epoch) => {
  if (event.type === 'LeaseRequested')
    return {
      type: 'LeaseGranted',
      epoch,
      token: profileId.length,
      requestId: event.requestId,
      holder: {
        workerId: event.workerId,
        incarnation: event.incarnation,
        hostId: event.hostId,
        taskId: event.taskId,
      },
      intent: event.intent,
      leaseMs: 2_000,
      maxRuntimeMs: 60_000,
      resumeFrom: null,
    };
  return event.type === 'ReleaseRequested'
    ? { type: 'LeaseReleased', epoch, token: event.token, round: null }
    : null;
};

async function startAuthority(): Promise<() => Promise<unknown>> {
  const { brokers, registryUrl } = parts();
  const connection = { brokers, clientId: 'hand-authority' };
  await deployTopic({ connection, registryUrl, topic, partitionCount: PARTITIONS, replicationFactor: 1 });
  const registry = new SchemaRegistryClient({ url: registryUrl });
  const schemaIds = await registry.schemaIds();
  const appender = new KafkaAppender({
    connection,
    topic,
    partitionCount: PARTITIONS,
    schemaIds,
    source: 'hand-authority',
  });
  const schemas = new WriterSchemas(schemaIds, registry);
  const reader = new KafkaTailReader({ connection, topic, partitionCount: PARTITIONS, schemas });
  let count = 0;
  const numbered = (event: Omit<NewEvent, 'id'>): NewEvent => ({ id: `hand:${(count += 1)}`, ...event });
  const epochs = await appender.append(
    Array.from({ length: PARTITIONS }, (_, partition) =>
      numbered({
        profileId: null,
        partition,
        event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'hand' },
      }),
    ),
  );
  reader.start((record) => {
    records.push(record);
    const { event, profileId, partition } = record;
    if (profileId === null || event.type === 'foreign' || event.type === 'undecodable') return;
    const reply = answer(profileId, event, epochs[partition] ?? -1);
    if (reply !== null) void appender.append([numbered({ profileId, event: reply })]);
  });
  for (let partition = 0; partition < PARTITIONS; partition += 1) await reader.follow(partition);
  return async () => {
    await Promise.all([appender.close(), reader.stop()]);
    registry.close();
  };
}

beforeAll(async () => {
  const closeAuthority = await startAuthority();
  const { brokers, registryUrl } = parts();
  worker = await connectWorker({
    workerId: 'w1',
    brokers,
    registryUrl,
    topic,
    partitionCount: PARTITIONS,
    heartbeatEveryMs: 200,
    marginMs: 500,
  });
  closeAll = async () => {
    await worker.shutdown();
    await closeAuthority();
  };
});

afterAll(() => closeAll());

const typesOf = (profileId: string): string[] =>
  records
    .filter((record) => record.profileId === profileId)
    .map(({ event }) => event.type)
    .filter((type) => type !== 'Heartbeat');

describe('a worker on a real broker', () => {
  it('announces its run in every partition', async () => {
    await expect
      .poll(() =>
        records.filter(({ event }) => event.type === 'WorkerStarted').map(({ partition }) => partition),
      )
      .toEqual(expect.arrayContaining([0, 1, 2]));
  });

  it('gets from a request to a release', async () => {
    const lease = await worker.acquire({ profileId: 'profile-1', taskId: 't1', waitMs: 5_000 });
    expect(lease.canAct()).toBe(true);
    expect(await lease.step('send', { kind: 'side-effect' }, () => 'sent')).toBe('sent');
    await lease.checkpoint('done', { stored: 'server' });
    expect(await lease.release({ browserClosed: 'confirmed' })).toEqual({ ended: 'released' });
    await expect
      .poll(() => typesOf('profile-1'))
      .toEqual([
        'LeaseRequested',
        'LeaseGranted',
        'StepStarted',
        'StepCompleted',
        'StepStarted',
        'StepCompleted',
        'ReleaseRequested',
        'LeaseReleased',
      ]);
    const partition = partitionOf('profile-1', PARTITIONS);
    expect(
      records.filter(({ profileId }) => profileId === 'profile-1').every((r) => r.partition === partition),
    ).toBe(true);
  });

  it('holds many leases at a time, far longer than a lease lasts without heartbeats', async () => {
    const wanted = Array.from({ length: 20 }, (_, i) => `many-${'x'.repeat(i + 1)}`);
    const leases = await Promise.all(wanted.map((profileId) => worker.acquire({ profileId, taskId: 't' })));
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(leases.map((lease) => lease.canAct())).toEqual(wanted.map(() => true));
    const ended = await Promise.all(leases.map((lease) => lease.release({ browserClosed: 'confirmed' })));
    expect(ended).toEqual(wanted.map(() => ({ ended: 'released' })));
  });

  it('waits at its start for a topic that is deployed later, and says so', async () => {
    const { brokers, registryUrl } = parts();
    const later = freshTopicName();
    const notices: WorkerNotice[] = [];
    const onNotice = (notice: WorkerNotice): void => void notices.push(notice);
    const started = connectWorker({
      workerId: 'w3',
      brokers,
      registryUrl,
      topic: later,
      partitionCount: 1,
      onNotice,
    });
    await expect
      .poll(() => notices, { timeout: 20_000 })
      .toMatchObject([{ type: 'start-waiting', code: 'topic-missing' }]);
    const connection = { brokers, clientId: 'late-deploy' };
    await deployTopic({ connection, registryUrl, topic: later, partitionCount: 1, replicationFactor: 1 });
    await (await started).shutdown();
  });

  it('waits in bounds: then it says what is not there and what to do', async () => {
    const { brokers, registryUrl } = parts();
    const never = { workerId: 'w4', brokers, registryUrl, topic: freshTopicName(), startTimeoutMs: 300 };
    const refused = expect(connectWorker(never)).rejects;
    await refused.toMatchObject({ code: 'log-unavailable', cause: { code: 'topic-missing' } });
    await refused.toThrow(/startTimeoutMs \(300 ms\)/);
  });

  it('says what was wrong where the thread of its line does not come up', async () => {
    const { registryUrl } = parts();
    const nobody = { brokers: ['127.0.0.1:1'], registryUrl, topic };
    const started = startThreadLine({
      log: checkLogOptions(nobody, 'w5'),
      schemaIds: new Map(),
      settings: checkWorkerOptions({ workerId: 'w5' }),
      incarnation: 'i5',
      onSignal: undefined,
    });
    await expect(started).rejects.toMatchObject({ code: 'log-unavailable' });
    await expect(started).rejects.toThrow(/the thread of the line failed: .*127\.0\.0\.1:1/);
  });

  it('refuses a topic with another partition count', async () => {
    const { brokers, registryUrl } = parts();
    const other = connectWorker({ workerId: 'w2', brokers, registryUrl, topic, partitionCount: 4 });
    await expect(other).rejects.toMatchObject({ code: 'topic-partition-count' });
  });
});
