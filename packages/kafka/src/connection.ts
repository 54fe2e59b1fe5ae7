import { Kafka, logLevel, type KafkaConfig, type LogEntry, type RetryOptions } from 'kafkajs';
import { cureIdleTimer } from './idle-timer.ts';
import {
  Cluster,
  RequestQueue,
  createLogger,
  createSocketFactory,
  metadataResponses,
  type InternalCluster,
} from './kafkajs-internals.ts';
import { cureLeaderless } from './leaderless.ts';

cureIdleTimer(RequestQueue);
cureLeaderless(metadataResponses);

export type LogLevel = 'error' | 'warn' | 'info' | 'debug';
export type LogFunction = (
  level: LogLevel,
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** How to reach the cluster. Every client built from it has its own sockets and its own state. */
export interface KafkaConnection {
  /** `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Shown in broker logs and quotas. */
  readonly clientId: string;
  /** Where the library's lines go; default nowhere. */
  readonly log?: LogFunction;
  readonly ssl?: KafkaConfig['ssl'];
  readonly sasl?: KafkaConfig['sasl'];
  /** Makes the sockets, where the way to the brokers is a tunnel; the fault tests lose answers with it. */
  readonly socketFactory?: KafkaConfig['socketFactory'];
}

const CONNECT_MS_MAX = 3_000;
const METADATA_MS_MAX = 60_000;

/** Lines that the library prints as errors or warnings although they are the way it is meant to be used here. */
const EXPECTED =
  /CONCURRENT_TRANSACTIONS|another concurrent operation|Limiting retries for the idempotent producer|Broker -1 not found|(?:Paus|Resum)ing fetching/;

const LEVELS: Readonly<Record<number, LogLevel>> = {
  [logLevel.ERROR]: 'error',
  [logLevel.WARN]: 'warn',
  [logLevel.INFO]: 'info',
  [logLevel.DEBUG]: 'debug',
};

export function bridgeLog(log: LogFunction | undefined): (entry: LogEntry) => void {
  if (log === undefined) return () => undefined;
  return ({ namespace, level, log: { message, timestamp: _timestamp, logger: _logger, ...fields } }) => {
    const text = namespace === '' ? message : `${namespace}: ${message}`;
    // The library says what came back either in the line itself or in a field of it.
    const isExpected =
      EXPECTED.test(message) || (typeof fields['error'] === 'string' && EXPECTED.test(fields['error']));
    log(isExpected ? 'debug' : (LEVELS[level] ?? 'debug'), text, fields);
  };
}

const shared = (connection: KafkaConnection, requestTimeoutMs: number) => ({
  brokers: [...connection.brokers],
  clientId: connection.clientId,
  connectionTimeout: CONNECT_MS_MAX,
  authenticationTimeout: CONNECT_MS_MAX,
  requestTimeout: requestTimeoutMs,
  enforceRequestTimeout: true,
  ...(connection.ssl === undefined ? {} : { ssl: connection.ssl }),
  ...(connection.sasl === undefined ? {} : { sasl: connection.sasl }),
  socketFactory: connection.socketFactory ?? createSocketFactory(),
});

/**
 * One instance for one producer or consumer: clients of the same instance share a map of offsets, and a rejoin of
 * one clears it for the others.
 */
export function createKafka(
  connection: KafkaConnection,
  options: { readonly requestTimeoutMs: number; readonly retry: RetryOptions },
): Kafka {
  return new Kafka({
    ...shared(connection, options.requestTimeoutMs),
    retry: options.retry,
    logLevel: logLevel.INFO,
    logCreator: () => bridgeLog(connection.log),
  });
}

/** The library's connections and metadata without a consumer on top: for reads at offsets that we choose. */
export function createCluster(
  connection: KafkaConnection,
  options: { readonly requestTimeoutMs: number; readonly retry: RetryOptions },
): InternalCluster {
  return new Cluster({
    ...shared(connection, options.requestTimeoutMs),
    retry: options.retry,
    metadataMaxAge: METADATA_MS_MAX,
    allowAutoTopicCreation: false,
    maxInFlightRequests: null,
    logger: createLogger({
      level: logLevel.INFO,
      logCreator: () => bridgeLog(connection.log) as (entry: unknown) => void,
    }),
  });
}
