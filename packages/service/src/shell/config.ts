import { DEFAULT_POLICY, policyProblems, type Policy } from '@profile-warden/domain';
import { hostname } from 'node:os';
import { z } from 'zod';

/** Raised before anything is started; the message names the variable, its value and what to do. */
export class ConfigError extends Error {
  constructor(problems: readonly string[]) {
    super(`the configuration cannot be used:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

const list = z.string().transform((text) =>
  text
    .split(',')
    .map((part) => part.trim())
    .filter((part) => part !== ''),
);

const whole = (min: number, max: number) => z.coerce.number().int().min(min).max(max);

const ENVIRONMENT = z.object({
  WARDEN_BROKERS: list.pipe(z.array(z.string().regex(/^[^:\s]+:\d+$/, 'each must be host:port')).min(1)),
  WARDEN_REGISTRY_URL: z.url(),
  WARDEN_TOPIC: z.string().min(1).max(200).default('profile-leases.v1'),
  WARDEN_PARTITIONS: whole(1, 1_000).default(6),
  WARDEN_CLUSTER: z.string().min(1).max(64).default('dev'),
  WARDEN_HOST_ID: z.string().min(1).max(128).default(hostname()),
  WARDEN_SCOPE: z.enum(['host', 'shared', 'any']).default('any'),
  WARDEN_DATABASE_URL: z.url().optional(),
  WARDEN_FENCE_TARGETS: list.optional(),
  WARDEN_POLICY: z.string().default('{}'),
  WARDEN_HTTP_PORT: whole(0, 65_535).default(0),
  WARDEN_HTTP_HOST: z.string().default('127.0.0.1'),
  WARDEN_LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  WARDEN_SESSION_MS: whole(1_000, 300_000).default(10_000),
});

/** What every service is told by its environment; documented in docs/operations.md. */
export interface ServiceConfig {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly cluster: string;
  readonly hostId: string;
  readonly scope: 'host' | 'shared' | 'any';
  readonly databaseUrl: string | null;
  /** Name and URL of each fence target. */
  readonly fenceTargets: readonly { readonly name: string; readonly url: string }[];
  readonly policy: Policy;
  readonly httpPort: number;
  readonly httpHost: string;
  readonly logLevel: string;
  readonly sessionMs: number;
}

/** @throws ConfigError naming everything that is wrong at once. */
export const readConfig = (env: Readonly<Record<string, string | undefined>>): ServiceConfig => {
  const parsed = ENVIRONMENT.safeParse(env);
  if (!parsed.success)
    throw new ConfigError(
      parsed.error.issues.map((issue) => {
        const name = String(issue.path[0] ?? 'environment');
        const value = env[name];
        return `${name}${value === undefined ? ' is not set' : ` is ${JSON.stringify(value)}`}: ${issue.message}`;
      }),
    );
  const raw = parsed.data;
  const problems: string[] = [];
  const fenceTargets = (raw.WARDEN_FENCE_TARGETS ?? []).map((entry) => {
    const at = entry.indexOf('=');
    if (at < 1) problems.push(`WARDEN_FENCE_TARGETS has "${entry}": each entry must be name=url`);
    return { name: entry.slice(0, at), url: entry.slice(at + 1) };
  });
  const policy = readPolicy(
    raw.WARDEN_POLICY,
    fenceTargets.map(({ name }) => name),
    problems,
  );
  if (problems.length > 0) throw new ConfigError(problems);
  return {
    brokers: raw.WARDEN_BROKERS,
    registryUrl: raw.WARDEN_REGISTRY_URL,
    topic: raw.WARDEN_TOPIC,
    partitionCount: raw.WARDEN_PARTITIONS,
    cluster: raw.WARDEN_CLUSTER,
    hostId: raw.WARDEN_HOST_ID,
    scope: raw.WARDEN_SCOPE,
    databaseUrl: raw.WARDEN_DATABASE_URL ?? null,
    fenceTargets,
    policy,
    httpPort: raw.WARDEN_HTTP_PORT,
    httpHost: raw.WARDEN_HTTP_HOST,
    logLevel: raw.WARDEN_LOG_LEVEL,
    sessionMs: raw.WARDEN_SESSION_MS,
  };
};

const readPolicy = (text: string, targets: readonly string[], problems: string[]): Policy => {
  let given: unknown;
  try {
    given = JSON.parse(text);
  } catch (error) {
    problems.push(`WARDEN_POLICY is no JSON: ${(error as Error).message}`);
    return DEFAULT_POLICY;
  }
  if (given === null || typeof given !== 'object' || Array.isArray(given)) {
    problems.push('WARDEN_POLICY must be a JSON object of policy fields');
    return DEFAULT_POLICY;
  }
  for (const name of Object.keys(given))
    if (!Object.hasOwn(DEFAULT_POLICY, name))
      problems.push(`WARDEN_POLICY names ${name}, which is no policy field`);
  const change = given as Partial<Policy>;
  const policy: Policy = {
    ...DEFAULT_POLICY,
    fenceTargets: targets,
    ...change,
    massSilence: { ...DEFAULT_POLICY.massSilence, ...change.massSilence },
  };
  for (const problem of policyProblems(policy)) problems.push(`WARDEN_POLICY: ${problem}`);
  return policy;
};
