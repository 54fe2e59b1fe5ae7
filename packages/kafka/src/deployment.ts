import { EVENT_TYPES, schemaOf, subjectOf, type EventType } from '@profile-warden/events';
import type { KafkaConnection } from './connection.ts';
import { registryAddress } from './registry-address.ts';
import { SchemaRegistryClient } from './registry.ts';
import { assertTopic, createTopic, inspectTopic, withAdmin, type TopicSettings } from './topic.ts';

export interface DeployOptions extends TopicSettings {
  readonly connection: KafkaConnection;
  readonly registryUrl: string;
  /** Refuse less than two in-sync replicas of three. Default false. */
  readonly production?: boolean;
  /** One line per thing done or found. */
  readonly onProgress?: (line: string) => void;
}

export interface DeployResult {
  readonly created: boolean;
  readonly schemaIds: ReadonlyMap<EventType, number>;
}

/** Makes topic and registry ready for the services. May be run again and changes nothing then. */
export async function deployTopic(options: DeployOptions): Promise<DeployResult> {
  const { connection, topic, partitionCount, registryUrl, production = false } = options;
  const say = options.onProgress ?? (() => undefined);
  const created = await withAdmin(connection, async (admin) => {
    const isNew = await createTopic(admin, options);
    const facts = await inspectTopic(admin, topic);
    assertTopic(facts, { topic, partitionCount, production });
    say(
      `topic ${topic}: ${isNew ? 'created' : 'there already'}, ${facts.partitionCount} partitions, ` +
        `${facts.replicationFactor} replicas, as it must be`,
    );
    return isNew;
  });
  const registry = new SchemaRegistryClient({ url: registryUrl, callMsMax: 15_000 });
  try {
    const schemaIds = new Map<EventType, number>();
    for (const type of EVENT_TYPES)
      schemaIds.set(type, await registry.register(subjectOf(type), schemaOf(type)));
    say(`registry ${registryAddress(registryUrl)}: ${schemaIds.size} schemas, each subject FULL_TRANSITIVE`);
    return { created, schemaIds };
  } finally {
    registry.close();
  }
}
