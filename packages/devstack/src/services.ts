import { mkdir, mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { DevstackError } from './error.ts';
import { Guard } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { claimPort } from './port.ts';
import { Service, type ServiceHandle } from './service.ts';
import type { Stack } from './stack.ts';
import { runStep } from './step.ts';

const PROJECT_DIR = fileURLToPath(new URL('../../../', import.meta.url));
const DEPLOY_BOUND_MS = 60_000;
const READY_BOUND_MS = 60_000;

export const SERVICE_NAMES = [
  'lease-authority',
  'stale-detector',
  'evidence-collector',
  'recovery-decider',
  'projector',
] as const;
export type ServiceName = (typeof SERVICE_NAMES)[number];

export type ServicesOptions = {
  /** Default: all five, one process each. */
  names?: readonly ServiceName[];
  /** Create or check the topic first. Default: yes. */
  deploy?: boolean;
  topic?: string;
  cluster?: string;
  /** Host that the collector can see. Default: the name of this one, as workers give it by themselves. */
  hostId?: string;
  /** What the collector collects for. Default `any`. */
  scope?: string;
  /** Overrides of the policy. */
  policy?: Readonly<Record<string, unknown>>;
  /** Programs to run in place of the services' own, by path: how a faulty build is tried. */
  programs?: Partial<Record<ServiceName, string>>;
  /** Default: free ports. A service keeps its port when it is restarted. */
  httpPorts?: Partial<Record<ServiceName, number>>;
  /** Names the log files of one set where several share a folder, such as a second authority. */
  label?: string;
  logDir?: string;
  /** How long a service may take until /readyz says yes, in milliseconds. Default 60 000. */
  readyBoundMs?: number;
  /** More environment variables, for all of them. */
  env?: Readonly<Record<string, string>>;
  onProgress?: (line: string) => void;
  /** Told when a service ends that nobody stopped. */
  onServiceDied?: (error: DevstackError) => void;
};

/** What services need to know of the parts: a stack, or the parts of a test run. */
export type ServicesTarget = Pick<Stack, 'brokers' | 'registryUrl' | 'postgresUrl'> & {
  /** Where the logs go without a `logDir`. Default: a temporary folder. */
  dataDir?: string;
};

export type Services = AsyncDisposable & {
  handles: readonly ServiceHandle<ServiceName>[];
  of(name: ServiceName): ServiceHandle<ServiceName>;
  stop(): Promise<void>;
};

/** Deploys the topic, starts the services against the stack and comes back when all of them are ready. */
export async function startServices(stack: ServicesTarget, options: ServicesOptions = {}): Promise<Services> {
  const { names = SERVICE_NAMES, onProgress = () => undefined } = options;
  const guard = new Guard();
  const logDir = await openLogDir(stack, options, guard);
  const env = environment(stack, options);
  let isEnding = false;
  const onDied = (error: DevstackError): void => {
    if (!isEnding) options.onServiceDied?.(error);
  };
  const label = options.label === undefined ? '' : `-${options.label}`;
  try {
    if (options.deploy !== false) {
      await deployTopic(
        guard,
        processOf(['packages/kafka/src/deploy-topic.ts'], join(logDir, 'deploy-topic.log'), env),
      );
      onProgress(`topic ${env['WARDEN_TOPIC'] ?? ''} is deployed`);
    }
    const services: Service<ServiceName>[] = [];
    for (const name of names) {
      const port = await claimPort(name, options.httpPorts?.[name]);
      const program = options.programs?.[name] ?? `services/${name}/src/main.ts`;
      const spec = processOf([program], join(logDir, `${name}${label}.log`), {
        ...env,
        WARDEN_HTTP_PORT: String(port),
      });
      services.push(
        new Service(name, spec, {
          port,
          guard,
          readyBoundMs: options.readyBoundMs ?? READY_BOUND_MS,
          onDied,
        }),
      );
    }
    await Promise.all(
      services.map(async (service) => {
        await service.start();
        onProgress(`${service.name} is ready on http://127.0.0.1:${await service.port()}`);
      }),
    );
    return servicesOf(services, guard);
  } catch (error) {
    isEnding = true;
    await guard.end();
    throw error;
  }
}

async function openLogDir(stack: ServicesTarget, options: ServicesOptions, guard: Guard): Promise<string> {
  const wanted = options.logDir ?? (stack.dataDir === undefined ? undefined : join(stack.dataDir, 'logs'));
  if (wanted !== undefined) {
    await mkdir(wanted, { recursive: true });
    return wanted;
  }
  const temporary = await mkdtemp(join(tmpdir(), 'profile-warden-logs-'));
  guard.removeAtEnd(temporary);
  return temporary;
}

function environment(stack: ServicesTarget, options: ServicesOptions): Record<string, string> {
  const own = Object.entries(process.env).filter(
    (entry): entry is [string, string] => entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(own),
    WARDEN_BROKERS: stack.brokers.join(','),
    WARDEN_REGISTRY_URL: stack.registryUrl,
    WARDEN_DATABASE_URL: stack.postgresUrl,
    WARDEN_FENCE_TARGETS: `main=${stack.postgresUrl}`,
    WARDEN_TOPIC: options.topic ?? 'profile-leases.v1',
    WARDEN_CLUSTER: options.cluster ?? 'dev',
    ...(options.hostId === undefined ? {} : { WARDEN_HOST_ID: options.hostId }),
    WARDEN_SCOPE: options.scope ?? 'any',
    WARDEN_POLICY: JSON.stringify(options.policy ?? {}),
    ...options.env,
  };
}

function processOf(args: string[], logFile: string, env: Record<string, string>): ProcessSpec {
  // The Node that runs this one: an older one on PATH could not read TypeScript.
  const command = process.execPath;
  return { command, args, env, cwd: PROJECT_DIR, logFile, freshLog: true, stopSignal: 'SIGTERM' };
}

async function deployTopic(guard: Guard, spec: ProcessSpec): Promise<void> {
  const { isDone, outcome, logTail } = await runStep(guard, spec, DEPLOY_BOUND_MS);
  if (isDone) return;
  throw new DevstackError(
    'deploy-failed',
    `The topic could not be deployed: ${spec.args.join(' ')} ${outcome}. The end of its log (${spec.logFile}):\n${logTail}`,
  );
}

function servicesOf(services: readonly Service<ServiceName>[], guard: Guard): Services {
  let stopping: Promise<void> | undefined;
  const stop = (): Promise<void> =>
    (stopping ??= Promise.all(services.map((service) => service.stop())).then(() => guard.end()));
  return {
    handles: services,
    of: (name) => {
      const found = services.find((service) => service.name === name);
      if (found === undefined) throw new Error(`${name} is not among the services that were started.`);
      return found;
    },
    stop,
    [Symbol.asyncDispose]: stop,
  };
}
