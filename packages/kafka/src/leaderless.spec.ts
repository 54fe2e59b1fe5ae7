import { describe, expect, it } from 'vitest';
import './connection.ts';
import { metadataResponses, type MetadataAnswer } from './kafkajs-internals.ts';
import { cureLeaderless } from './leaderless.ts';

const answer = (codes: readonly number[], topicErrorCode = 0): MetadataAnswer => ({
  topicMetadata: [
    {
      topicErrorCode,
      partitionMetadata: codes.map((partitionErrorCode, partitionId) => ({
        partitionErrorCode,
        partitionId,
        leader: partitionErrorCode === 0 ? 1 : 3,
      })),
    },
  ],
});

const leadersIn = ({ topicMetadata }: MetadataAnswer): readonly number[] =>
  topicMetadata.flatMap(({ partitionMetadata }) => partitionMetadata.map(({ leader }) => leader));

describe('what the library makes of an answer about topics, cured', () => {
  it('is the leader -1 where a partition has none, and all that is said of the others, in each version', async () => {
    expect(metadataResponses).toHaveLength(7);
    for (const { parse } of metadataResponses)
      expect(leadersIn(await parse(answer([0, 5, 0, 72])))).toEqual([1, -1, 1, -1]);
  });

  it('is an error where the topic, or a partition, has another one', async () => {
    for (const { parse } of metadataResponses) {
      await expect(parse(answer([0], 5))).rejects.toMatchObject({ type: 'LEADER_NOT_AVAILABLE' });
      await expect(parse(answer([], 3))).rejects.toMatchObject({ type: 'UNKNOWN_TOPIC_OR_PARTITION' });
      await expect(parse(answer([5, 29]))).rejects.toMatchObject({ type: 'TOPIC_AUTHORIZATION_FAILED' });
    }
  });

  it('is not changed twice', () => {
    const before = metadataResponses.map(({ parse }) => parse);
    cureLeaderless(metadataResponses);
    expect(metadataResponses.map(({ parse }) => parse)).toEqual(before);
  });
});
