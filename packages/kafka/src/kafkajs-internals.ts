import { createRequire } from 'node:module';
import type { ISocketFactory } from 'kafkajs';

/**
 * kafkajs is not maintained any more and what it lacks cannot be had from its public interface. This file is the
 * only door to its inside: each part is checked when it is loaded, so that another version fails here, with its
 * name, and not somewhere in a fetch.
 */
const load = createRequire(import.meta.url);
const EXPECTED_VERSION = '2.2.4';

export interface FetchOptions {
  readonly isolationLevel: number;
  readonly maxWaitTime: number;
  readonly minBytes: number;
  readonly maxBytes: number;
  readonly topics: readonly {
    readonly topic: string;
    readonly partitions: readonly {
      readonly partition: number;
      readonly fetchOffset: string;
      readonly maxBytes: number;
    }[];
  }[];
}

/** A request of the protocol and what becomes of its answer: read, then looked through for errors. */
export interface ProtocolCall<T> {
  readonly request: unknown;
  readonly response: {
    readonly decode: (answer: Buffer) => Promise<T>;
    readonly parse: (decoded: T) => Promise<T>;
  };
  readonly requestTimeout: number;
}

export interface InternalBroker {
  readonly connectionPool: { send<T>(call: ProtocolCall<T>): Promise<T> };
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

/** An answer of the brokers about topics, as read; of it only what is worked with here. */
export interface MetadataAnswer {
  readonly topicMetadata: readonly {
    readonly topicErrorCode: number;
    readonly partitionMetadata: readonly {
      readonly partitionErrorCode: number;
      readonly partitionId: number;
      readonly leader: number;
    }[];
  }[];
}

/** How the library reads such an answer; `parse` rejects where it names an error. */
export interface MetadataResponse {
  parse: (answer: MetadataAnswer) => Promise<MetadataAnswer>;
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

interface MetadataApi {
  readonly versions: readonly string[];
  readonly protocol: (of: { version: number }) => (options: { topics: string[] }) => {
    response: MetadataResponse;
  };
}

const responsesOf = ({ versions, protocol }: MetadataApi): MetadataResponse[] =>
  versions.map((version) => protocol({ version: Number(version) })({ topics: [] }).response);

/** One for each version of the protocol. Each call of the library uses these very objects. */
export const metadataResponses: readonly MetadataResponse[] = responsesOf(
  part('src/protocol/requests/metadata/index.js', (loaded) => {
    const { versions, protocol } = (loaded ?? {}) as Partial<MetadataApi>;
    if (!Array.isArray(versions) || versions.length === 0 || typeof protocol !== 'function') return false;
    const [first, again] = [responsesOf(loaded as MetadataApi), responsesOf(loaded as MetadataApi)];
    return first.every(
      (response, index) => typeof response.parse === 'function' && response === again[index],
    );
  }) as MetadataApi,
);

const fetchApi = part('src/protocol/requests/fetch/index.js', (loaded) => {
  const { versions, protocol } = (loaded ?? {}) as { versions?: unknown; protocol?: unknown };
  return Array.isArray(versions) && versions.includes('11') && typeof protocol === 'function';
}) as { protocol(of: { version: number }): (options: FetchOptions) => ProtocolCall<unknown> };

/** A fetch whose answer is read by `decode`; its errors are told as the library tells them. */
export const fetchCall = <T>(
  version: number,
  options: FetchOptions,
  decode: (answer: Buffer) => Promise<T>,
): ProtocolCall<T> => {
  const { response, ...call } = fetchApi.protocol({ version })(options);
  return { ...call, response: { decode, parse: response.parse as (decoded: T) => Promise<T> } };
};

/** By the attributes of a batch; null where it is not packed. Throws where the packing is not known. */
export const unpackerOf = (
  part(
    'src/protocol/message/compression/index.js',
    (loaded) =>
      typeof (loaded as { lookupCodecByAttributes?: unknown }).lookupCodecByAttributes === 'function',
  ) as {
    lookupCodecByAttributes: (attributes: number) => { decompress(packed: Buffer): Promise<Buffer> } | null;
  }
).lookupCodecByAttributes;
