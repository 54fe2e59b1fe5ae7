import type { MetadataAnswer, MetadataResponse } from './kafkajs-internals.ts';

const LEADER_NOT_AVAILABLE = 5;
const LISTENER_NOT_FOUND = 72;
const LEADERLESS: ReadonlySet<number> = new Set([LEADER_NOT_AVAILABLE, LISTENER_NOT_FOUND]);
/** What the protocol itself writes in the place of a leader that there is not. */
const NO_LEADER = -1;

const cured = new WeakSet<object>();

/**
 * The library throws a whole answer about topics away where one partition has no leader, and with it all that it says of
 * the others: none of them can be read or written by whoever asks while one broker is away that had a partition to
 * itself. Cured, such a partition is one with the leader -1, which no broker has as its id. Errors of a topic, and other
 * errors of a partition, stay errors.
 */
export function cureLeaderless(responses: readonly MetadataResponse[]): void {
  for (const response of responses) {
    if (cured.has(response)) continue;
    const { parse } = response;
    response.parse = (answer) => parse(withoutLeaders(answer));
    cured.add(response);
  }
}

const withoutLeaders = (answer: MetadataAnswer): MetadataAnswer => ({
  ...answer,
  topicMetadata: answer.topicMetadata.map((topic) => ({
    ...topic,
    partitionMetadata: topic.partitionMetadata.map((partition) =>
      LEADERLESS.has(partition.partitionErrorCode)
        ? { ...partition, partitionErrorCode: 0, leader: NO_LEADER }
        : partition,
    ),
  })),
});
