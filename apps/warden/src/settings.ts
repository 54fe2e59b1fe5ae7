import { DEFAULT_TOPIC, readSecurity, type KafkaSecurity } from '@profile-warden/kafka';
import { wholeNumber } from './input.ts';
import { usage } from './failure.ts';
import type { Io } from './io.ts';

/** Options that every command takes; each has an environment variable for when it is not given. */
export interface ConnectionFlags {
  readonly brokers?: string;
  readonly registryUrl?: string;
  readonly topic?: string;
  readonly partitions?: string;
  readonly databaseUrl?: string;
  readonly json?: boolean;
}

export interface LogSettings {
  readonly brokers: readonly string[];
  /** From the environment only: a password among the arguments would be seen in the list of processes. */
  readonly security: KafkaSecurity;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
}

/** Fits the default of the services. */
const DEFAULT_PARTITIONS = 6;
const BROKER = /^[^:\s]+:\d{1,5}$/;

export const logSettings = (flags: ConnectionFlags, env: Io['env']): LogSettings => {
  const brokers = required(flags.brokers, env, '--brokers', 'WARDEN_BROKERS', 'host:port[,host:port]')
    .split(',')
    .map((broker) => broker.trim())
    .filter((broker) => broker !== '');
  const odd = brokers.find((broker) => !BROKER.test(broker));
  if (brokers.length === 0 || odd !== undefined)
    throw usage('bad-brokers', `brokers: ${JSON.stringify(odd ?? '')} is no host:port`);
  const registryUrl = required(
    flags.registryUrl,
    env,
    '--registry-url',
    'WARDEN_REGISTRY_URL',
    'base URL of the Confluent API',
  );
  if (!/^https?:$/.test(protocolOf(registryUrl)))
    throw usage('bad-registry-url', `registry: ${JSON.stringify(registryUrl)} is no http or https URL`);
  const { security, problems } = readSecurity(env);
  if (problems.length > 0) throw usage('bad-security', problems.join('; '));
  return {
    brokers,
    security,
    registryUrl,
    topic: given(flags.topic, env, 'WARDEN_TOPIC') ?? DEFAULT_TOPIC,
    partitionCount: partitionCountOf(flags, env),
  };
};

export const partitionCountOf = (flags: ConnectionFlags, env: Io['env']): number => {
  const partitions = given(flags.partitions, env, 'WARDEN_PARTITIONS');
  return partitions === undefined
    ? DEFAULT_PARTITIONS
    : wholeNumber('partitions', partitions, { min: 1, max: 1_000 });
};

/** Null where no read model is configured. */
export const databaseUrl = (flags: ConnectionFlags, env: Io['env']): string | null => {
  const url = given(flags.databaseUrl, env, 'WARDEN_DATABASE_URL');
  if (url === undefined) return null;
  if (!/^postgres(?:ql)?:$/.test(protocolOf(url)))
    throw usage('bad-database-url', 'database: the URL must begin with postgres:// or postgresql://');
  return url;
};

/** For a command that is about the read model itself. */
export const requiredDatabaseUrl = (flags: ConnectionFlags, env: Io['env']): string => {
  const url = databaseUrl(flags, env);
  if (url === null)
    throw usage(
      'not-configured',
      'WARDEN_DATABASE_URL is not set and --database-url not given: postgres://…',
    );
  return url;
};

const given = (flag: string | undefined, env: Io['env'], variable: string): string | undefined => {
  const value = flag ?? env[variable];
  return value === '' ? undefined : value;
};

const required = (
  flag: string | undefined,
  env: Io['env'],
  option: string,
  variable: string,
  form: string,
): string => {
  const value = given(flag, env, variable);
  if (value === undefined)
    throw usage('not-configured', `${variable} is not set and ${option} not given: ${form}`);
  return value;
};

const protocolOf = (url: string): string => (URL.canParse(url) ? new URL(url).protocol : '');
