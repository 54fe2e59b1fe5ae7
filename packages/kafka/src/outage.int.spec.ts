import { startStack, type Stack } from '@profile-warden/devstack';
import { parts } from '@profile-warden/testkit/parts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LogRecord } from '@profile-warden/events';
import { KafkaAppender } from './appender.ts';
import { deployTopic } from './deployment.ts';
import { KafkaEpochWriter } from './epoch-writer.ts';
import { barrier, eventually, idsOf, never, tick } from './log-fixture.ts';
import { KafkaLogReader } from './log-reader.ts';
import { SchemaRegistryClient } from './registry.ts';
import type { KafkaSignal } from './signal.ts';
import { KafkaTailReader } from './tail-reader.ts';
import { WriterSchemas } from './writer-schemas.ts';

describe('a broker that dies and comes back', () => {
  let stack: Stack | undefined;
  beforeAll(async () => {
    if (parts().kafkaLibsDir !== '') stack = await startStack({ kind: 'embedded', parts: ['kafka'] });
  });
  afterAll(() => stack?.stop());

  it('ends the epoch and no reader: each goes on where it was, within thirty seconds', async ({ skip }) => {
    if (stack === undefined) return skip('needs a broker of its own, and so Java');
    const connection = { brokers: stack.brokers, clientId: 'spec' };
    const topic = 'outage';
    const partitionCount = 2;
    const { schemaIds } = await deployTopic({
      connection,
      registryUrl: parts().registryUrl,
      topic,
      partitionCount,
    });
    const registry = new SchemaRegistryClient({ url: parts().registryUrl });
    const schemas = new WriterSchemas(schemaIds, registry);
    const log = { connection, topic, partitionCount, schemas, schemaIds, source: 'spec' };

    const grouped: LogRecord[] = [];
    const tailed: LogRecord[] = [];
    const signals: KafkaSignal[] = [];
    const reader = new KafkaLogReader({
      ...log,
      assignment: { groupId: 'outage' },
      onSignal: (signal) => signals.push(signal),
    });
    await reader.start({
      assigned: () => Promise.resolve({ from: 0 }),
      revoked: () => undefined,
      records: (_, records) => Promise.resolve(void grouped.push(...records)),
    });
    const tail = new KafkaTailReader(log);
    tail.start((record) => tailed.push(record));
    await tail.follow(0);
    const appender = new KafkaAppender(log);
    const writer = new KafkaEpochWriter({ ...log, cluster: 'spec' });
    const epoch = await writer.takeOver(0, barrier('before'), never);
    await epoch.commit([tick(1)]);
    await appender.append([tick(2)]);
    await eventually(() => grouped.length === 3 && tailed.length === 3);

    await stack.killPart('kafka');
    await expect(epoch.commit([tick(3)])).rejects.toMatchObject({ reason: 'unknown' });
    await stack.restartPart('kafka');
    const backAt = performance.now();
    const heir = await writer.takeOver(0, barrier('after'), never);
    await heir.commit([tick(4)]);
    await appender.append([tick(5)]).catch(() => appender.append([tick(5)]));
    const expected = ['barrier.0.before', 'tick.0.1', 'tick.0.2', 'barrier.0.after', 'tick.0.4', 'tick.0.5'];
    await eventually(() => grouped.length >= 6 && tailed.length >= 6, 30_000);
    expect(performance.now() - backAt).toBeLessThan(30_000);
    expect(idsOf(grouped)).toEqual(expected);
    expect(idsOf(tailed)).toEqual(expected);
    expect(signals.filter(({ type }) => type === 'revoked')).toEqual([]);
    await eventually(() => signals.some(({ type }) => type === 'fetch-failed'));

    await Promise.all([reader.stop(), tail.stop(), heir.close(), epoch.close(), appender.close()]);
    registry.close();
  });
});
