import type { Policy } from '@profile-warden/domain';
import { readSecurity, type KafkaSecurity } from '@profile-warden/kafka';
import { hostname } from 'node:os';
import { z } from 'zod';
import { readPolicy } from './policy-config.ts';

/** Raised before anything is started; the message names the variable, its value and what to do. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`the configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const listed = (text: string): string[] =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== '');

const list = z.string().transform(listed);

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

/** As a browser writes an origin: a scheme, a host, a port where it is not the usual one, and nothing else. */
const isWebOrigin = (text: string): boolean => /^https?:/.test(text) && URL.parse(text)?.origin === text;

const ENVIRONMENT = z.object({
  WARDEN_BROKERS: list.pipe(z.array(z.string().regex(/^[^:\s]+:\d+$/, 'each must be host:port')).min(1)),
  WARDEN_REGISTRY_URL: z.url(),
  WARDEN_TOPIC: z.string().min(1).max(200).default('profile-leases.v1'),
  WARDEN_PARTITIONS: whole(1, 1_000).default(6),
  WARDEN_PRODUCTION: z.enum(['on', 'off']).default('off'),
  WARDEN_CLUSTER: z.string().min(1).max(64).default('dev'),
  WARDEN_HOST_ID: z.string().min(1).max(128).default(hostname()),
  WARDEN_SCOPE: z.enum(['host', 'shared', 'any']).default('any'),
  WARDEN_SCREENSHOT_ORIGINS: z
    .string()
    .default('')
    .transform(listed)
    .pipe(z.array(z.string().refine(isWebOrigin, 'each must be an origin such as https://shots.example'))),
  WARDEN_DATABASE_URL: z.url().optional(),
  WARDEN_TRUST_EMPTIED_LOG: z.enum(['on', 'off']).default('off'),
  WARDEN_SCHEMA_FILE: z.string().min(1).max(4_096).optional(),
  WARDEN_OPERATOR: z.string().min(1).max(128).optional(),
  WARDEN_HTTP_PORT: whole(0, 65_535).default(0),
  WARDEN_HTTP_HOST: z.string().default('127.0.0.1'),
  WARDEN_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  WARDEN_SESSION_MS: whole(1_000, 15_000).default(10_000),
  WARDEN_STALL_MS: whole(5_000, 3_600_000).default(60_000),
  WARDEN_FETCH_BYTES: whole(1_024, 8_388_608).default(524_288),
});

/** What every service is told by its environment; documented in docs/operations.md. */
export interface ServiceConfig {
  readonly brokers: readonly string[];
  /** Encryption and login of every client of the brokers. */
  readonly security: KafkaSecurity;
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  /** Refuse a topic that could lose a grant with one broker. */
  readonly production: boolean;
  readonly cluster: string;
  readonly hostId: string;
  readonly scope: 'host' | 'shared' | 'any';
  /** Web servers that a collector may ask for a screenshot. */
  readonly screenshotOrigins: readonly string[];
  /** The read model: to the projector where it writes, to everybody where a restore may start from. */
  readonly databaseUrl: string | null;
  /** Start from a read model of which the log proves nothing any more. */
  readonly trustsEmptiedLog: boolean;
  /** Where schemas are kept, for a start while the registry is away; null keeps none. */
  readonly schemaFile: string | null;
  /** Name and URL of each fence target. */
  readonly fenceTargets: readonly { readonly name: string; readonly url: string }[];
  readonly policy: Policy;
  /** Who is answerable for this configuration; null: nobody was named. */
  readonly operator: string | null;
  readonly httpPort: number;
  readonly httpHost: string;
  readonly logLevel: string;
  readonly sessionMs: number;
  /** Ms without progress after which /livez says no. */
  readonly stallMs: number;
  /** Bytes asked for per partition and fetch. */
  readonly fetchBytes: number;
}

/** These may carry a password, and what is wrong with a configuration ends up in a log. */
const SECRET: readonly string[] = ['WARDEN_DATABASE_URL', 'WARDEN_FENCE_TARGETS', 'WARDEN_REGISTRY_URL'];

/** @throws ConfigError naming everything that is wrong at once. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): ServiceConfig => {
  const parsed = ENVIRONMENT.safeParse(env);
  const problems = parsed.error?.issues.map((issue) => problemOf(issue, env)) ?? [];
  const fenceTargets = readTargets(env['WARDEN_FENCE_TARGETS'] ?? '', problems);
  const targetNames = fenceTargets.map(({ name }) => name);
  const { security, problems: insecure } = readSecurity(env);
  problems.push(...insecure);
  const policy = readPolicy(env['WARDEN_POLICY'] ?? '{}', targetNames, problems);
  if (!parsed.success || problems.length > 0) throw new ConfigError(problems);
  const raw = parsed.data;
  return {
    brokers: raw.WARDEN_BROKERS,
    security,
    registryUrl: raw.WARDEN_REGISTRY_URL,
    topic: raw.WARDEN_TOPIC,
    partitionCount: raw.WARDEN_PARTITIONS,
    production: raw.WARDEN_PRODUCTION === 'on',
    cluster: raw.WARDEN_CLUSTER,
    hostId: raw.WARDEN_HOST_ID,
    scope: raw.WARDEN_SCOPE,
    screenshotOrigins: raw.WARDEN_SCREENSHOT_ORIGINS,
    databaseUrl: raw.WARDEN_DATABASE_URL ?? null,
    trustsEmptiedLog: raw.WARDEN_TRUST_EMPTIED_LOG === 'on',
    schemaFile: raw.WARDEN_SCHEMA_FILE ?? null,
    fenceTargets,
    policy,
    operator: raw.WARDEN_OPERATOR ?? null,
    httpPort: raw.WARDEN_HTTP_PORT,
    httpHost: raw.WARDEN_HTTP_HOST,
    logLevel: raw.WARDEN_LOG_LEVEL,
    sessionMs: raw.WARDEN_SESSION_MS,
    stallMs: raw.WARDEN_STALL_MS,
    fetchBytes: raw.WARDEN_FETCH_BYTES,
  };
};

const problemOf = (
  { path, message }: { readonly path: readonly PropertyKey[]; readonly message: string },
  env: Readonly<Record<string, string | undefined>>,
): string => {
  const name = String(path[0] ?? 'environment');
  const value = env[name];
  if (value === undefined) return `${name} is not set: ${message}`;
  return `${name}${SECRET.includes(name) ? '' : ` is ${JSON.stringify(value)}`}: ${message}`;
};

/** It is a label of metrics and part of connection names. */
const TARGET_NAME = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/;

const readTargets = (text: string, problems: string[]): { name: string; url: string }[] => {
  const targets: { name: string; url: string }[] = [];
  for (const [index, entry] of listed(text).entries()) {
    const at = entry.indexOf('=');
    const name = entry.slice(0, Math.max(0, at));
    const url = entry.slice(at + 1);
    if (at < 1 || !URL.canParse(url))
      problems.push(`WARDEN_FENCE_TARGETS, entry ${index + 1}: each entry must be name=url`);
    else if (!TARGET_NAME.test(name))
      problems.push(
        `WARDEN_FENCE_TARGETS, entry ${index + 1}: the name ${JSON.stringify(name)} must be letters, digits, ., _ and -, 64 at most`,
      );
    else if (!/^postgres(?:ql)?:$/.test(new URL(url).protocol))
      problems.push(`WARDEN_FENCE_TARGETS names ${name} with a URL that does not begin with postgres://`);
    else if (targets.some((target) => target.name === name))
      problems.push(`WARDEN_FENCE_TARGETS names ${name} twice`);
    targets.push({ name, url });
  }
  return targets;
};
