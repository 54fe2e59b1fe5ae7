import { describe, expect, it } from 'vitest';
import { freshDatabase, freshTopicName, parts, preparedDatabase } from './index.ts';

describe('the parts of a test run', () => {
  it('are there, with addresses on this machine only', () => {
    const { brokers, registryUrl, postgresUrl } = parts();
    expect(brokers).toHaveLength(1);
    for (const address of [...brokers, registryUrl, postgresUrl]) expect(address).toContain('127.0.0.1');
  });

  it('give each test a database and a topic name of its own', async () => {
    const [first, second] = await Promise.all([freshDatabase(), freshDatabase()]);
    expect(first).not.toBe(second);
    expect(freshTopicName()).not.toBe(freshTopicName());
  });

  it('prepare a database once for all who want a copy of it', async () => {
    let preparedCount = 0;
    const prepare = (): Promise<void> => Promise.resolve(void (preparedCount += 1));
    const copies = await Promise.all([1, 2, 3].map(() => preparedDatabase('spec', prepare)));
    expect(new Set(copies).size).toBe(3);
    expect(preparedCount).toBeLessThanOrEqual(1);
  });

  it('include a registry that answers', async () => {
    const answer = await fetch(`${parts().registryUrl}/subjects`);
    expect(answer.ok).toBe(true);
  });
});
