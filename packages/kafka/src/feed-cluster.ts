import type { LogRange } from '@profile-warden/events';
import { safeOffset } from './committed.ts';
import { createCluster, type KafkaConnection } from './connection.ts';
import { FETCH_VERSION, decodeFetch, type FetchedPartition } from './fetch-response.ts';
import { fetchCall, type InternalBroker, type InternalCluster } from './kafkajs-internals.ts';
import { LogReadError } from './read-error.ts';

export interface FetchRequest {
  readonly partition: number;
  readonly offset: number;
}

export interface FetchLimits {
  readonly maxWaitMs: number;
  readonly partitionBytesMax: number;
}

const READ_UNCOMMITTED = 0;
const READ_COMMITTED = 1;
const LATEST = -1;
const EARLIEST = -2;
const RESPONSE_BYTES_MAX = 10 * 1024 * 1024;
const REQUEST_MS_MAX = 5_000;
/** Short, since whoever uses this class tries again with a fresh one. */
const RETRY = { initialRetryTime: 50, multiplier: 2, maxRetryTime: 500, retries: 2 };

/** One set of connections to the brokers of one topic. After an error it is thrown away, never repaired. */
export class FeedCluster {
  readonly #topic: string;
  readonly #partitionCount: number;
  readonly #cluster: InternalCluster;
  #turn = 0;

  constructor(connection: KafkaConnection, topic: string, partitionCount: number) {
    this.#topic = topic;
    this.#partitionCount = partitionCount;
    this.#cluster = createCluster(connection, { requestTimeoutMs: REQUEST_MS_MAX, retry: RETRY });
  }

  async connect(): Promise<void> {
    await this.#cluster.connect();
    await this.#cluster.addTargetTopic(this.#topic);
    this.#checkPartitionCount();
  }

  /** Node that leads the partition; undefined while none does, as the brokers have told last. */
  leaderOf(partition: number): number | undefined {
    const metadata = this.#cluster
      .findTopicPartitionMetadata(this.#topic)
      .find(({ partitionId }) => partitionId === partition);
    return metadata === undefined || metadata.leader < 0 ? undefined : metadata.leader;
  }

  async refresh(): Promise<void> {
    await this.#cluster.refreshMetadata();
    this.#checkPartitionCount();
  }

  /** Committed data and the markers between; returns at once when there is some, else after `maxWaitMs`. */
  async fetch(
    nodeId: number,
    wanted: readonly FetchRequest[],
    limits: FetchLimits,
  ): Promise<readonly FetchedPartition[]> {
    await this.#cluster.refreshMetadataIfNecessary();
    this.#checkPartitionCount();
    const broker = await this.#cluster.findBroker({ nodeId });
    this.#turn += 1;
    const options = {
      isolationLevel: READ_COMMITTED,
      maxWaitTime: limits.maxWaitMs,
      minBytes: 1,
      maxBytes: RESPONSE_BYTES_MAX,
      topics: [
        {
          topic: this.#topic,
          partitions: inTurn(wanted, this.#turn).map(({ partition, offset }) => ({
            partition,
            fetchOffset: String(offset),
            maxBytes: limits.partitionBytesMax,
          })),
        },
      ],
    };
    const { responses } = await broker.connectionPool.send(fetchCall(FETCH_VERSION, options, decodeFetch));
    return responses.flatMap(({ partitions }) => partitions);
  }

  /**
   * `end` is the high watermark, which a reader reaches as soon as every transaction open now has ended. The last
   * stable offset, the default of the protocol, may lie before a transaction that its writer knows as committed.
   */
  async range(partition: number): Promise<LogRange> {
    const nodeId = this.leaderOf(partition);
    if (nodeId === undefined) throw new Error(`partition ${partition} has no leader`);
    const broker = await this.#cluster.findBroker({ nodeId });
    const start = await this.#offset(broker, partition, EARLIEST);
    const end = await this.#offset(broker, partition, LATEST);
    return { start, end };
  }

  disconnect(): Promise<void> {
    return this.#cluster.disconnect();
  }

  async #offset(broker: InternalBroker, partition: number, timestamp: number): Promise<number> {
    const { responses } = await broker.listOffsets({
      isolationLevel: READ_UNCOMMITTED,
      topics: [{ topic: this.#topic, partitions: [{ partition, timestamp }] }],
    });
    const found = responses[0]?.partitions[0];
    if (found === undefined) throw new Error(`the broker named no offset for partition ${partition}`);
    return safeOffset(found.offset);
  }

  #checkPartitionCount(): void {
    const count = this.#cluster.findTopicPartitionMetadata(this.#topic).length;
    if (count !== this.#partitionCount)
      throw new LogReadError(
        'topic-partition-count',
        `${this.#topic} has ${count} partitions, this process was started for ${this.#partitionCount}: ` +
          'profiles would change their partition and tokens go backwards',
      );
  }
}

/** Brokers fill their answer in the order asked: with more partitions than fit into one, none may always come last. */
export const inTurn = <T>(wanted: readonly T[], turn: number): readonly T[] => {
  const first = turn % Math.max(1, wanted.length);
  return [...wanted.slice(first), ...wanted.slice(0, first)];
};
