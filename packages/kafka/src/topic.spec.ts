import { describe, expect, it } from 'vitest';
import { assertTopic, topicConfig, type TopicFacts } from './topic.ts';

const settings = { topic: 't', partitionCount: 6, replicationFactor: 3 };
const good: TopicFacts = { ...settings, config: topicConfig(settings) };
const codeOf = (facts: TopicFacts, production = true): string => {
  try {
    assertTopic(facts, { topic: 't', partitionCount: 6, production });
    return 'accepted';
  } catch (error) {
    return (error as { code: string }).code;
  }
};
const withConfig = (config: Record<string, string>): TopicFacts => ({
  ...good,
  config: { ...good.config, ...config },
});

describe('the check of a topic', () => {
  it('accepts the settings that the deploy step gives, and gzip', () => {
    expect(codeOf(good)).toBe('accepted');
    expect(codeOf(withConfig({ 'compression.type': 'gzip' }))).toBe('accepted');
  });

  it('refuses by a stable code', () => {
    expect(codeOf({ ...good, partitionCount: 12 })).toBe('topic-partition-count');
    expect(codeOf(withConfig({ 'cleanup.policy': 'compact' }))).toBe('topic-compacted');
    expect(codeOf(withConfig({ 'message.timestamp.type': 'CreateTime' }))).toBe('topic-create-time');
    expect(codeOf(withConfig({ 'compression.type': 'snappy' }))).toBe('topic-compression');
    expect(codeOf(withConfig({ 'min.insync.replicas': '1' }))).toBe('topic-replication');
    expect(codeOf({ ...good, replicationFactor: 1 })).toBe('topic-replication');
    expect(codeOf({ ...good, replicationFactor: 1 }, false)).toBe('accepted');
  });

  it('asks for two in-sync replicas of three by default', () => {
    expect(topicConfig(settings)['min.insync.replicas']).toBe('2');
    expect(topicConfig({ ...settings, replicationFactor: 1 })['min.insync.replicas']).toBe('1');
  });
});
