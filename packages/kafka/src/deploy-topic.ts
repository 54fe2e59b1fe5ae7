import { deployTopic } from './deployment.ts';
import { KafkaSetupError } from './setup-error.ts';
import { readSecurity } from './security.ts';
import { DEFAULT_TOPIC } from './topic.ts';

const HELP = `Creates the topic and registers the event schemas. May be run again at any time.

  WARDEN_BROKERS       host:port[,host:port]              required
  WARDEN_REGISTRY_URL  base of the Confluent API          required
  WARDEN_TOPIC         topic name                         default ${DEFAULT_TOPIC}
  WARDEN_PARTITIONS    chosen for the life of the topic   default 6
  WARDEN_REPLICATION   replicas; production takes 3       default 1

WARDEN_KAFKA_TLS, WARDEN_KAFKA_SASL and what belongs to them: as for the services, see docs/operations.md.
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
  const { security, problems } = readSecurity(process.env);
  if (problems.length > 0) throw new RangeError(problems.join('\n'));
  await deployTopic({
    connection: { brokers: required('WARDEN_BROKERS').split(','), ...security, clientId: 'warden-deploy' },
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
