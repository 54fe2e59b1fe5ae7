import { deployTopic } from './deployment.ts';
import { KafkaSetupError } from './setup-error.ts';
import { readSecurity } from './security.ts';
import { DEFAULT_TOPIC } from './topic.ts';

const HELP = `Creates the topic and registers the event schemas. May be run again at any time.

  WARDEN_BROKERS         host:port[,host:port]                      required
  WARDEN_REGISTRY_URL    base of the Confluent API                  required
  WARDEN_TOPIC           topic name                                 default ${DEFAULT_TOPIC}
  WARDEN_PARTITIONS      chosen for the life of the topic           default 6
  WARDEN_PRODUCTION      on: refuse less than 3 replicas            default off
  WARDEN_REPLICATION     replicas of a new topic                    default 1, for production 3
  WARDEN_RETENTION_DAYS  records of a new topic are kept so long    default 30; 0 keeps all

WARDEN_KAFKA_TLS, WARDEN_KAFKA_SASL and what belongs to them: as for the services, see docs/operations.md.
`;

const DAY_MS = 24 * 60 * 60 * 1_000;

function wholeNumber(name: string, fallback: number, [min, max] = [1, 1_000]): number {
  const text = process.env[name] ?? String(fallback);
  const value = Number(text);
  if (!Number.isInteger(value) || value < min || value > max)
    throw new RangeError(`${name} must be a whole number from ${min} to ${max}, not ${text}`);
  return value;
}

function isProduction(): boolean {
  const text = process.env.WARDEN_PRODUCTION ?? 'off';
  if (text !== 'on' && text !== 'off')
    throw new RangeError(`WARDEN_PRODUCTION must be on or off, not ${text}`);
  return text === 'on';
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
  const production = isProduction();
  const retentionDays = wholeNumber('WARDEN_RETENTION_DAYS', 30, [0, 36_500]);
  await deployTopic({
    connection: { brokers: required('WARDEN_BROKERS').split(','), ...security, clientId: 'warden-deploy' },
    registryUrl: required('WARDEN_REGISTRY_URL'),
    topic: process.env.WARDEN_TOPIC ?? DEFAULT_TOPIC,
    partitionCount: wholeNumber('WARDEN_PARTITIONS', 6),
    production,
    replicationFactor: wholeNumber('WARDEN_REPLICATION', production ? 3 : 1),
    retentionMs: retentionDays === 0 ? -1 : retentionDays * DAY_MS,
    onProgress: (line) => console.log(line),
  });
}

main().catch((error: unknown) => {
  if (error instanceof KafkaSetupError) console.error(`${error.code}: ${error.message}`);
  else if (error instanceof RangeError) console.error(error.message);
  else console.error(error);
  process.exitCode = 1;
});
