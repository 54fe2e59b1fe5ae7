import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { startKafkaCluster, type KafkaCluster } from './cluster.ts';
import { kafkaTool } from './kafka-tool.ts';

const TOPICS = 'org.apache.kafka.tools.TopicCommand';

describe('a cluster of three brokers', () => {
  let cluster: KafkaCluster;

  beforeAll(async () => {
    cluster = await startKafkaCluster();
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const topic = async (...args: string[]): Promise<string> => {
    const { code, stdout, stderr } = await kafkaTool(cluster.kafkaLibsDir, TOPICS, [
      '--bootstrap-server',
      cluster.brokers.join(','),
      ...args,
    ]);
    expect([code, stderr]).toEqual([0, expect.any(String)]);
    return stdout;
  };

  it('keeps a topic led while one of them is away, and takes it back', async () => {
    await topic('--create', '--topic', 'three', '--partitions', '3', '--replication-factor', '3');
    const before = cluster.pidOf(0);
    await cluster.kill(0);
    const down = await topic('--describe', '--topic', 'three');
    expect(down).not.toContain('Leader: none');
    await cluster.restart(0);
    expect(cluster.pidOf(0)).not.toBe(before);
    for (let tries = 0; tries < 20; tries += 1) {
      if (
        !(await topic('--describe', '--topic', 'three', '--under-replicated-partitions')).includes('Topic:')
      )
        return;
    }
    expect.fail('the broker that came back is not in sync');
  });

  it('says how many brokers it can have', async () => {
    await expect(startKafkaCluster({ brokerCount: 9 })).rejects.toThrow('from 1 to 5, got 9');
  });
});
