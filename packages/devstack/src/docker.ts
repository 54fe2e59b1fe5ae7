import { createHash, randomBytes } from 'node:crypto';
import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { postgresAnswers } from './database.ts';
import { until } from './deadline.ts';
import { composeError, docker, requireDocker } from './docker-engine.ts';
import { DevstackError } from './error.ts';
import { Guard, type GuardedProcess } from './guard-client.ts';
import type { ProcessSpec } from './guard-protocol.ts';
import { kafkaAnswers } from './kafka-probe.ts';
import { logTail } from './part.ts';
import { ownPassword } from './password.ts';
import { claimPort } from './port.ts';
import { registryAnswers, registryUrlAt } from './registry.ts';
import { openDataDir, wantedParts, type DataDir } from './data-dir.ts';
import type { PartName, PartState, Stack, StackOptions } from './stack.ts';
import { runStep } from './step.ts';

const COMPOSE_FILE = fileURLToPath(new URL('../../../docker-compose.yml', import.meta.url));
/** Long enough to pull the images the first time. */
const UP_BOUND_MS = 15 * 60_000;
const HEALTHY_BOUND_MS = 180_000;
const ANSWER_BOUND_MS = 30_000;
const DOWN_BOUND_MS = 60_000;

/** `group.min.session.timeout.ms` as the image wants it: KAFKA_GROUP_MIN_SESSION_TIMEOUT_MS. */
export function kafkaVariable(name: string): string {
  const escaped = name.replaceAll('_', '__').replaceAll('-', '___').replaceAll('.', '_');
  return `KAFKA_${escaped.toUpperCase()}`;
}

function definedOnly(env: NodeJS.ProcessEnv): Record<string, string> {
  return Object.fromEntries(
    Object.entries(env).filter((entry): entry is [string, string] => entry[1] !== undefined),
  );
}

export async function startDocker(options: StackOptions): Promise<Stack> {
  await requireDocker();
  const home = await openDataDir(options.dataDir);
  const guard = new Guard();
  if (home.isTemporary) guard.removeAtEnd(home.dir);
  try {
    const stack = new DockerStack(options, home, guard);
    await stack.up();
    return stack;
  } catch (error) {
    await guard.end();
    await home.release();
    throw error;
  }
}

class DockerStack implements Stack {
  readonly kind = 'docker';
  readonly kafkaLibsDir = '';
  readonly dataDir: string;
  readonly parts: Partial<Record<PartName, PartState>> = {};
  brokers: string[] = [];
  registryUrl = '';
  postgresUrl = '';
  brokerVersion = '';

  readonly #options: StackOptions;
  readonly #home: DataDir;
  readonly #guard: Guard;
  readonly #project: string;
  readonly #names: Set<PartName>;
  readonly #ports: Partial<Record<PartName, number>> = {};
  readonly #probes = new Map<PartName, () => Promise<boolean>>();
  /** Follows the log of a container, and ends with it. */
  readonly #followers = new Map<PartName, GuardedProcess>();
  #env: NodeJS.ProcessEnv = process.env;
  #files: string[] = ['-f', COMPOSE_FILE];
  #stopping: Promise<void> | undefined;

  constructor(options: StackOptions, home: DataDir, guard: Guard) {
    this.#options = options;
    this.#home = home;
    this.#guard = guard;
    this.dataDir = home.dir;
    // The folder decides the name, so that the next start finds the volumes of this one.
    const id = home.isTemporary ? randomBytes(8) : createHash('sha256').update(home.dir).digest();
    this.#project = `profile-warden-${id.toString('hex').slice(0, 10)}`;
    this.#names = wantedParts(options);
  }

  async up(): Promise<void> {
    await this.#prepare();
    const volumes = this.#home.isTemporary ? ['--volumes'] : [];
    this.#guard.runAtEnd('docker', this.#composeArgs(['down', '--timeout', '10', ...volumes]));
    this.#options.onProgress?.(
      `starting ${[...this.#names].join(', ')} with docker compose -p ${this.#project}`,
    );
    await this.#start([...this.#names]);
    this.#options.onProgress?.('all containers are ready');
  }

  async killPart(name: PartName): Promise<void> {
    this.#container(name);
    this.#followers.delete(name);
    await docker(['kill', this.#container(name)]).catch(() => undefined);
  }

  async restartPart(name: PartName): Promise<void> {
    this.#container(name);
    this.#followers.delete(name);
    await this.#compose(['stop', '--timeout', '10', name], DOWN_BOUND_MS);
    await this.#start([name]);
  }

  stop(): Promise<void> {
    return (this.#stopping ??= this.#end());
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  async #end(): Promise<void> {
    this.#followers.clear();
    await this.#guard.end();
    await this.#home.release();
  }

  async #prepare(): Promise<void> {
    const { dir } = this.#home;
    // Containers of a stack that ended together with its guard still hold their ports.
    await docker(this.#composeArgs(['down', '--timeout', '5']), { boundMs: DOWN_BOUND_MS }).catch(
      () => undefined,
    );
    for (const name of this.#names) this.#ports[name] = await claimPort(name, this.#options.ports?.[name]);
    const { kafka = 0, registry = 0, postgres = 0 } = this.#ports;
    const password = await ownPassword(join(dir, 'docker-postgres.password'));
    this.#env = {
      ...process.env,
      ...(kafka === 0 ? {} : { WARDEN_PORT_KAFKA: String(kafka) }),
      ...(registry === 0 ? {} : { WARDEN_PORT_REGISTRY: String(registry) }),
      ...(postgres === 0 ? {} : { WARDEN_PORT_POSTGRES: String(postgres) }),
      WARDEN_POSTGRES_PASSWORD: password,
    };
    const override = join(dir, 'compose.override.json');
    const settings = Object.entries(this.#options.brokerConfig ?? {}).map(([name, value]) => [
      kafkaVariable(name),
      value.replaceAll('$', '$$$$'),
    ]);
    await writeFile(
      override,
      JSON.stringify({ services: { kafka: { environment: Object.fromEntries(settings) as unknown } } }),
    );
    this.#files = ['-f', COMPOSE_FILE, '-f', override];

    if (kafka !== 0) {
      this.brokers = [`127.0.0.1:${kafka}`];
      this.#probes.set('kafka', () => kafkaAnswers(kafka));
      this.brokerVersion = /apache\/kafka:([\w.-]+)/.exec(await readFile(COMPOSE_FILE, 'utf8'))?.[1] ?? '';
    }
    if (registry !== 0) {
      this.registryUrl = registryUrlAt(registry);
      this.#probes.set('registry', () => registryAnswers(registry));
    }
    if (postgres !== 0) {
      const url = `postgres://warden:${password}@127.0.0.1:${postgres}/warden`;
      this.postgresUrl = url;
      this.#probes.set('postgres', () => postgresAnswers(url));
    }
  }

  async #start(names: PartName[]): Promise<void> {
    const waiting = ['--wait', '--wait-timeout', String(HEALTHY_BOUND_MS / 1000)];
    try {
      await this.#compose(['up', '--detach', '--no-build', ...waiting, ...names], UP_BOUND_MS);
    } catch (error) {
      throw error instanceof DevstackError ? await this.#withLogs(error, names) : error;
    }
    for (const name of names) {
      // Healthy inside the container is not yet reachable from here.
      if (!(await until(this.#probes.get(name) ?? (() => true), ANSWER_BOUND_MS))) {
        const error = new DevstackError(
          'part-not-ready',
          `${name} is healthy in its container, but does not answer.`,
        );
        throw await this.#withLogs(error, [name]);
      }
      await this.#follow(name);
    }
  }

  async #follow(name: PartName): Promise<void> {
    const container = this.#container(name);
    const logFile = join(this.#home.logDir, `${name}.log`);
    const pid = Number(await docker(['inspect', '--format', '{{.State.Pid}}', container]));
    this.parts[name] = { pid, logFile };
    const follower = await this.#guard.run({
      command: 'docker',
      args: ['logs', '--follow', container],
      env: definedOnly(process.env),
      cwd: this.#home.dir,
      logFile,
      // The engine keeps the whole log of the container and tells it from its beginning.
      freshLog: true,
      stopSignal: 'SIGTERM',
    });
    this.#followers.set(name, follower);
    void follower.exited.then(async () => {
      if (this.#followers.get(name) !== follower) return;
      const error = new DevstackError(
        'part-died',
        `The container of ${name} ended. The end of its log (${logFile}):\n${await logTail(logFile)}`,
      );
      this.#options.onPartDied?.(error);
    });
  }

  async #withLogs(error: DevstackError, names: PartName[]): Promise<DevstackError> {
    if (error.code !== 'part-died' && error.code !== 'part-not-ready') return error;
    const logs = await docker(this.#composeArgs(['logs', '--no-color', '--tail', '20', ...names]), {
      env: this.#env,
    }).catch(() => '');
    return new DevstackError(error.code, `${error.message}\n${logs}`, { cause: error.cause });
  }

  #container(name: PartName): string {
    if (!this.#names.has(name)) throw new Error(`This stack has no ${name}: it was started without it.`);
    return `${this.#project}-${name}-1`;
  }

  #composeArgs(args: string[]): string[] {
    return ['compose', '-p', this.#project, ...this.#files, '--ansi', 'never', ...args];
  }

  async #compose(args: string[], boundMs: number): Promise<void> {
    // Through the guard: a compose that outlives its owner would start containers after their end.
    const spec: ProcessSpec = {
      command: 'docker',
      args: this.#composeArgs(args),
      env: definedOnly(this.#env),
      cwd: this.#home.dir,
      logFile: join(this.#home.logDir, 'compose.log'),
      freshLog: true,
      stopSignal: 'SIGTERM',
    };
    const { isDone, outcome, logTail: output } = await runStep(this.#guard, spec, boundMs);
    if (!isDone) throw composeError(`${output}\n(docker compose ${outcome})`, this.#home.dir);
  }
}
