import {
  DEFAULT_TOPIC,
  KafkaSetupError,
  SchemaRegistryClient,
  checkTopic,
  onceThere,
} from '@profile-warden/kafka';
import type { KafkaConnection, OnSignal } from '@profile-warden/kafka';
import type { EventType } from '@profile-warden/events';
import { InvalidInputError, WorkerError, detailOf } from './errors.ts';
import { checkText, checkWhole } from './input-check.ts';
import type { OnNotice } from './notice.ts';
import { systemClock } from './system-clock.ts';

/** Where the log is. */
export interface LogOptions {
  /** Kafka brokers, `host:port`, at least one. */
  readonly brokers: readonly string[];
  /** Base of the registry's Confluent API. */
  readonly registryUrl: string;
  /** Default `profile-leases.v1`. */
  readonly topic?: string;
  /** As the topic was created; a difference is refused. Default 6, 1 to 1,000. Decides where a profile's records lie. */
  readonly partitionCount?: number;
  /**
   * Transport security, as kafkajs takes it, but without functions: another thread uses it. Default none: only for
   * brokers on the same machine or network.
   */
  readonly ssl?: KafkaConnection['ssl'];
  /**
   * Login at the brokers, as kafkajs takes it. Of functions only `oauthBearerProvider`, which is called in the thread of
   * the caller. Default none.
   */
  readonly sasl?: KafkaConnection['sasl'];
  /** Lines of the Kafka client. Default nowhere. */
  readonly clientLog?: KafkaConnection['log'];
  /** What happens below: a producer that was replaced, a schema that is not there yet. Default nobody. */
  readonly onSignal?: OnSignal;
  /**
   * How long a start waits for brokers, registry, topic and schemas that are not there yet, in ms. Default 60,000; 0 to
   * 600,000. Above the time that the deploy step may come after the workers; what no waiting cures fails at once.
   */
  readonly startTimeoutMs?: number;
}

const DEFAULT_PARTITION_COUNT = 6;

/** The same, complete and checked. */
export interface LogSettings {
  readonly connection: KafkaConnection;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly startTimeoutMs: number;
}

export function checkLogOptions(options: LogOptions, clientId: string): LogSettings {
  const { brokers, ssl, sasl, clientLog } = options;
  if (!Array.isArray(brokers) || brokers.length === 0)
    throw new InvalidInputError('brokers', brokers, 'a list of at least one host:port');
  checkSendable('ssl', ssl);
  if (tokenSource(sasl) === null) checkSendable('sasl', sasl);
  return {
    connection: {
      brokers,
      clientId,
      ...(ssl === undefined ? {} : { ssl }),
      ...(sasl === undefined ? {} : { sasl }),
      ...(clientLog === undefined ? {} : { log: clientLog }),
    },
    registryUrl: checkText('registryUrl', options.registryUrl, 2_048),
    topic: checkText('topic', options.topic ?? DEFAULT_TOPIC, 249),
    partitionCount: checkWhole(
      'partitionCount',
      options.partitionCount ?? DEFAULT_PARTITION_COUNT,
      1,
      1_000,
      'partitions',
    ),
    startTimeoutMs: checkWhole('startTimeoutMs', options.startTimeoutMs ?? 60_000, 0, 600_000),
  };
}

type TokenSource = () => Promise<{ readonly value: string }>;

/** Where tokens come from, if they do; the one function that may be called from the thread of the line. */
export function tokenSource(sasl: LogOptions['sasl']): TokenSource | null {
  return sasl !== undefined && 'oauthBearerProvider' in sasl ? sasl.oauthBearerProvider : null;
}

function checkSendable(field: string, value: unknown): void {
  try {
    structuredClone(value);
  } catch {
    throw new InvalidInputError(field, value, 'plain data without functions, since another thread uses it');
  }
}

/**
 * The ids of the schemas, once brokers, topic, registry and schemas are there. Rejects at once where the topic differs
 * from what was configured, and with `log-unavailable` where something is missing after `startTimeoutMs`.
 */
export async function onceDeployed(
  settings: LogSettings,
  notice: OnNotice,
): Promise<ReadonlyMap<EventType, number>> {
  const { connection, registryUrl, topic, partitionCount, startTimeoutMs } = settings;
  const registry = new SchemaRegistryClient({ url: registryUrl, clientId: connection.clientId });
  try {
    return await onceThere(
      async () => {
        await checkTopic(connection, { topic, partitionCount });
        return registry.schemaIds();
      },
      {
        clock: systemClock,
        signal: new AbortController().signal,
        onWait: ({ code, message }) => notice({ type: 'start-waiting', code, detail: message }),
        msMax: startTimeoutMs,
      },
    );
  } catch (cause) {
    if (!(cause instanceof KafkaSetupError && cause.comesLater)) throw cause;
    const waited = `not there within startTimeoutMs (${startTimeoutMs} ms): ${detailOf(cause)}`;
    throw new WorkerError('log-unavailable', waited, { cause });
  } finally {
    registry.close();
  }
}
