import { deployTopic } from './deployment.ts';
import { KafkaSetupError } from './setup-error.ts';
import { DEFAULT_TOPIC } from './topic.ts';

const HELP = `Creates the topic and registers the event schemas. May be run again at any time.

  WARDEN_BROKERS       host:port[,host:port]              required
  WARDEN_REGISTRY_URL  base of the Confluent API          required
  WARDEN_TOPIC         topic name                         default ${DEFAULT_TOPIC}
  WARDEN_PARTITIONS    chosen for the life of the topic   default 6
  WARDEN_REPLICATION   replicas; production takes 3       default 1
`;

function wholeNumber(name: string, fallback: number): number {
  const text = process.env[name] ?? String(fallback);
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1000)
    throw new RangeError(`${name} must be a whole number from 1 to 1000, not ${text}`);
  return value;
}

function required(name: string): string {
  const value = process.env[name];
  if (value === undefined || value === '') throw new RangeError(`${name} is not set; see --help`);
  return value;
}

async function main(): Promise<void> {
  if (process.argv.includes('--help')) {
    console.log(HELP);
    return;
  }
  await deployTopic({
    connection: { brokers: required('WARDEN_BROKERS').split(','), clientId: 'warden-deploy' },
    registryUrl: required('WARDEN_REGISTRY_URL'),
    topic: process.env.WARDEN_TOPIC ?? DEFAULT_TOPIC,
    partitionCount: wholeNumber('WARDEN_PARTITIONS', 6),
    replicationFactor: wholeNumber('WARDEN_REPLICATION', 1),
    onProgress: (line) => console.log(line),
  });
}

main().catch((error: unknown) => {
  if (error instanceof KafkaSetupError) console.error(`${error.code}: ${error.message}`);
  else if (error instanceof RangeError) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
});
