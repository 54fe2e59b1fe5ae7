import { appendRefusals, type RefusalReporter } from '@profile-warden/fence';
import { KafkaAppender, SchemaRegistryClient, type KafkaSecurity } from '@profile-warden/kafka';

export interface RefusalLogOptions {
  readonly brokers: readonly string[];
  /** Encryption and login. Default none. */
  readonly security?: KafkaSecurity;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  /** Name of this process, for the records and the broker's log. */
  readonly source: string;
}

export interface RefusalLog {
  readonly report: RefusalReporter;
  close(): Promise<void>;
}

/** Reports of stopped writes over Kafka. The fence knows nothing of it: it is given a function. */
export async function openRefusalLog(options: RefusalLogOptions): Promise<RefusalLog> {
  const { brokers, security, registryUrl, source } = options;
  const registry = new SchemaRegistryClient({ url: registryUrl, clientId: source });
  const schemaIds = await registry.schemaIds();
  registry.close();
  const connection = { brokers, ...security, clientId: source };
  const appender = new KafkaAppender({ ...options, schemaIds, connection });
  return {
    report: appendRefusals((events) => appender.append(events)),
    close: () => appender.close(),
  };
}
