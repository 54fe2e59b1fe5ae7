import { createRequire } from 'node:module';
import type { ISocketFactory } from 'kafkajs';

/**
 * kafkajs is not maintained any more and what it lacks cannot be had from its public interface. This file is the
 * only door to its inside: each part is checked when it is loaded, so that another version fails here, with its
 * name, and not somewhere in a fetch.
 */
const load = createRequire(import.meta.url);
const EXPECTED_VERSION = '2.2.4';

export interface FetchedMessage {
  readonly offset: string;
  /** Epoch ms; with LogAppendTime the broker's. */
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | string | (Buffer | string)[] | undefined>>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

export interface FetchedPartition {
  readonly partition: number;
  readonly highWatermark: string;
  readonly lastStableOffset: string;
  /** First offset still in the log; the library's own spelling. */
  readonly lastStartOffset: string;
  readonly abortedTransactions:
    readonly { readonly producerId: string; readonly firstOffset: string }[] | null;
  readonly messages: readonly FetchedMessage[];
}

export interface InternalBroker {
  fetch(request: {
    isolationLevel: number;
    maxWaitTime: number;
    minBytes: number;
    maxBytes: number;
    topics: { topic: string; partitions: { partition: number; fetchOffset: string; maxBytes: number }[] }[];
  }): Promise<{ responses: { topicName: string; partitions: FetchedPartition[] }[] }>;
  listOffsets(request: {
    isolationLevel: number;
    topics: { topic: string; partitions: { partition: number; timestamp: number }[] }[];
  }): Promise<{ responses: { topic: string; partitions: { partition: number; offset: string }[] }[] }>;
}

export interface InternalCluster {
  connect(): Promise<void>;
  disconnect(): Promise<void>;
  addTargetTopic(topic: string): Promise<void>;
  refreshMetadata(): Promise<void>;
  refreshMetadataIfNecessary(): Promise<void>;
  findTopicPartitionMetadata(topic: string): { partitionId: number; leader: number }[];
  findBroker(broker: { nodeId: number }): Promise<InternalBroker>;
}

export interface RequestQueueClass {
  prototype: { scheduleCheckPendingRequests?: (this: { pending: unknown[] }) => void };
}

type LogCreator = (level: number) => (entry: unknown) => void;

function part(path: string, hasShape: (loaded: unknown) => boolean): unknown {
  const loaded: unknown = load(`kafkajs/${path}`);
  if (hasShape(loaded)) return loaded;
  throw new Error(
    `kafkajs/${path} is not what kafkajs ${EXPECTED_VERSION} has there. ` +
      'This package works around faults of exactly that version: install it, or adapt packages/kafka.',
  );
}

const isClassWith =
  (...methods: string[]) =>
  (loaded: unknown): boolean =>
    typeof loaded === 'function' &&
    methods.every(
      (name) => typeof (loaded as { prototype: Record<string, unknown> }).prototype[name] === 'function',
    );

part('package.json', (loaded) => (loaded as { version?: unknown } | undefined)?.version === EXPECTED_VERSION);

export const Cluster = part(
  'src/cluster/index.js',
  isClassWith(
    'connect',
    'addTargetTopic',
    'refreshMetadataIfNecessary',
    'findTopicPartitionMetadata',
    'findBroker',
  ),
) as new (options: Record<string, unknown>) => InternalCluster;

export const createLogger = (
  part(
    'src/loggers/index.js',
    (loaded) => typeof (loaded as { createLogger?: unknown }).createLogger === 'function',
  ) as { createLogger: (options: { level: number; logCreator: LogCreator }) => unknown }
).createLogger;

export const createSocketFactory = part(
  'src/network/socketFactory.js',
  (loaded) => typeof loaded === 'function',
) as () => ISocketFactory;

export const murmur2 = part(
  'src/producer/partitioners/default/murmur2.js',
  (loaded) => typeof loaded === 'function' && (loaded as (key: string) => number)('21') === -973932308,
) as (key: string | Buffer) => number;

export const RequestQueue = part(
  'src/network/requestQueue/index.js',
  isClassWith('scheduleCheckPendingRequests', 'checkPendingRequests', 'push'),
) as RequestQueueClass;
