import { freshTopicName, parts } from '@profile-warden/testkit/parts';
import { describe, expect, it } from 'vitest';
import { checkTopic, createTopic, topicConfig, withAdmin } from './topic.ts';

const connection = () => ({ brokers: parts().brokers, clientId: 'spec' });

async function topicWith(overrides: Record<string, string>, partitionCount = 2): Promise<string> {
  const topic = freshTopicName();
  const config = { ...topicConfig({ topic, partitionCount }), ...overrides };
  await withAdmin(connection(), (admin) =>
    admin.createTopics({
      waitForLeaders: true,
      topics: [
        {
          topic,
          numPartitions: partitionCount,
          replicationFactor: 1,
          configEntries: Object.entries(config).map(([name, value]) => ({ name, value })),
        },
      ],
    }),
  );
  return topic;
}

const codeOf = (topic: string, partitionCount = 2, production = false): Promise<string> =>
  checkTopic(connection(), { topic, partitionCount, production }).then(
    () => 'accepted',
    (error: unknown) => (error as { code: string }).code,
  );

describe('the check of the topic at a real broker', () => {
  it('accepts what the deploy step creates, and the deploy step leaves an existing topic alone', async () => {
    const topic = freshTopicName();
    const settings = { topic, partitionCount: 3 };
    const made = await withAdmin(connection(), async (admin) => [
      await createTopic(admin, settings),
      await createTopic(admin, settings),
    ]);
    expect(made).toEqual([true, false]);
    expect(await codeOf(topic, 3)).toBe('accepted');
  });

  it('refuses each difference by its code', async () => {
    expect(await codeOf(freshTopicName())).toBe('topic-missing');
    expect(await codeOf(await topicWith({}, 1))).toBe('topic-partition-count');
    expect(await codeOf(await topicWith({ 'cleanup.policy': 'compact' }))).toBe('topic-compacted');
    expect(await codeOf(await topicWith({ 'cleanup.policy': 'compact,delete' }))).toBe('topic-compacted');
    expect(await codeOf(await topicWith({ 'message.timestamp.type': 'CreateTime' }))).toBe(
      'topic-create-time',
    );
    expect(await codeOf(await topicWith({ 'compression.type': 'producer' }))).toBe('topic-compression');
    expect(await codeOf(await topicWith({}), 2, true)).toBe('topic-replication');
  });

  it('says when no broker answers', async () => {
    const nobody = { brokers: ['127.0.0.1:1'], clientId: 'spec' };
    await expect(checkTopic(nobody, { topic: 't', partitionCount: 1 })).rejects.toMatchObject({
      code: 'broker-unreachable',
      isTransient: true,
    });
  });
});
