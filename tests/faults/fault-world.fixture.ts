import {
  freePort,
  kafkaTool,
  startKafkaCluster,
  startServices,
  startStack,
  type KafkaCluster,
  type KafkaToolResult,
  type ServiceHandle,
  type ServiceName,
  type Services,
  type Stack,
} from '@profile-warden/devstack';
import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import { openPool } from '@profile-warden/postgres';
import { AuthorityClient } from '@profile-warden/testkit/client';
import { dumpTopic, judge, type DumpSource, type Judgement } from '@profile-warden/testkit/dump';
import { KafkaProxy } from '@profile-warden/testkit/proxy';
import { expect } from 'vitest';
import { FAULT_POLICY, HOST_ID, PARTITION_COUNT, SESSION_MS } from './fault-settings.fixture.ts';
import { Fleet } from './fleet.fixture.ts';
import type { FleetOrders } from './fleet-messages.fixture.ts';
import { RegistryProxy } from './registry-proxy.fixture.ts';

/** A database for tests keeps no commit through a kill unless it is told to; ours is killed, and must. */
const KEEPS_COMMITS = `do $$ begin
  execute format('alter database %I set synchronous_commit = on', current_database());
end $$`;
const LOGGED_BOUND_MS = 60_000;
const TOPICS = 'org.apache.kafka.tools.TopicCommand';

export interface FaultWorldOptions {
  readonly services?: readonly ServiceName[];
  /** False: there is no topic yet; `deploy` makes it. Then start no services either. Default true. */
  readonly deploy?: boolean;
  readonly policy?: Partial<Policy>;
  readonly brokerConfig?: Record<string, string>;
  readonly env?: Record<string, string>;
  /** More than one: services and fleets use a cluster of so many brokers, and no proxy. Default 1. */
  readonly brokerCount?: number;
}

export interface Variant {
  readonly service: ServiceHandle;
  /** How it has ended, each time that it did by itself. */
  readonly deaths: readonly string[];
}

/**
 * The real parts and services with a network between them that can be told to fail. Services and fleets reach the
 * broker through `proxy` and the registry through `registry`, the judge reaches both directly.
 */
export class FaultWorld implements AsyncDisposable {
  readonly stack: Stack;
  readonly proxy: KafkaProxy;
  readonly registry: RegistryProxy;
  /** Null where there is one broker only. */
  readonly cluster: KafkaCluster | null;
  readonly services: Services;
  readonly policy: Policy;
  readonly topic = 'profile-leases.v1';
  /** Addresses by which services and fleets reach the broker. */
  readonly brokers: readonly string[];
  readonly died: string[] = [];
  readonly #options: FaultWorldOptions;
  readonly #fleets: Fleet[] = [];
  readonly #more: Services[] = [];

  private constructor(parts: {
    stack: Stack;
    proxy: KafkaProxy;
    registry: RegistryProxy;
    cluster: KafkaCluster | null;
    services: Services;
    brokers: readonly string[];
    options: FaultWorldOptions;
    died: string[];
  }) {
    this.stack = parts.stack;
    this.proxy = parts.proxy;
    this.registry = parts.registry;
    this.cluster = parts.cluster;
    this.services = parts.services;
    this.brokers = parts.brokers;
    this.#options = parts.options;
    this.died = parts.died;
    this.policy = { ...DEFAULT_POLICY, ...FAULT_POLICY, ...parts.options.policy };
  }

  static async open(options: FaultWorldOptions = {}): Promise<FaultWorld> {
    const { brokerCount = 1 } = options;
    const brokerConfig = { 'group.min.session.timeout.ms': '1000', ...options.brokerConfig };
    const [listening, advertised] = [await freePort(), await freePort()];
    const proxy = await KafkaProxy.open({ host: '127.0.0.1', port: listening }, advertised);
    const stack = await startStack({
      kind: 'embedded',
      secondListener: { port: listening, advertisedPort: advertised },
      brokerConfig,
    });
    const registry = await RegistryProxy.open(stack.registryUrl);
    const died: string[] = [];
    let cluster: KafkaCluster | null = null;
    try {
      const pool = openPool(stack.postgresUrl, { applicationName: 'fault-world' });
      await pool.query(KEEPS_COMMITS).finally(() => pool.end());
      cluster = brokerCount > 1 ? await startKafkaCluster({ brokerCount, brokerConfig }) : null;
      const brokers = cluster?.brokers ?? [`127.0.0.1:${advertised}`];
      const services = await startServices(
        { ...stack, brokers: [...brokers], registryUrl: registry.url },
        FaultWorld.#serviceOptions(options, died),
      );
      return new FaultWorld({ stack, proxy, registry, cluster, services, brokers, options, died });
    } catch (error) {
      await cluster?.[Symbol.asyncDispose]();
      await stack.stop();
      await registry[Symbol.asyncDispose]();
      await proxy[Symbol.asyncDispose]();
      throw error;
    }
  }

  static #serviceOptions(options: FaultWorldOptions, died: string[]) {
    return {
      deploy: options.deploy ?? true,
      onServiceDied: ({ message }: Error): void => void died.push(message),
      hostId: HOST_ID,
      policy: { ...FAULT_POLICY, ...options.policy },
      env: {
        WARDEN_SESSION_MS: String(SESSION_MS),
        WARDEN_REPLICATION: String(Math.min(3, options.brokerCount ?? 1)),
        ...options.env,
      },
      ...(options.services === undefined ? {} : { names: options.services }),
    };
  }

  /** One more process of each of these services; they go with the world. */
  async another(label: string, ...names: readonly ServiceName[]): Promise<Services> {
    const options = FaultWorld.#serviceOptions(this.#options, this.died);
    const more = await startServices(this.#target, { ...options, names, label, deploy: false });
    this.#more.push(more);
    return more;
  }

  /** A process of another build of the service: its program, by path. It goes with the world, unless it ends before. */
  async variant(name: ServiceName, program: string, env: Record<string, string>): Promise<Variant> {
    const deaths: string[] = [];
    const base = FaultWorld.#serviceOptions(this.#options, deaths);
    const options = { ...base, names: [name], programs: { [name]: program }, env: { ...base.env, ...env } };
    const services = await startServices(this.#target, { ...options, label: 'variant', deploy: false });
    this.#more.push(services);
    return { service: services.of(name), deaths };
  }

  /** The deploy step. */
  async deploy(): Promise<void> {
    const options = FaultWorld.#serviceOptions(this.#options, this.died);
    const none = await startServices(this.#target, { ...options, names: [], deploy: true });
    await none.stop();
  }

  get #target() {
    return { ...this.stack, brokers: [...this.brokers], registryUrl: this.registry.url };
  }

  /** Real workers in a process of their own, at work from now on. */
  fleet(
    name: string,
    options: Partial<Pick<FleetOrders, 'profileIds' | 'concurrency' | 'holdMs'>> = {},
  ): Fleet {
    const fleet = new Fleet({
      name,
      brokers: this.brokers,
      registryUrl: this.registry.url,
      topic: this.topic,
      partitionCount: PARTITION_COUNT,
      hostId: HOST_ID,
      heartbeatEveryMs: this.policy.heartbeatEveryMs,
      marginMs: this.policy.marginMs,
      profileIds: Array.from({ length: 24 }, (_none, index) => `${name}-p${index}`),
      concurrency: 6,
      holdMs: 300,
      ...options,
    });
    this.#fleets.push(fleet);
    return fleet;
  }

  /** Somebody in this process who asks for leases, over the same network as the workers. */
  client(clientId: string): Promise<AuthorityClient> {
    const { brokers, topic } = this;
    const { registryUrl } = this.stack;
    return AuthorityClient.open({ brokers, registryUrl, topic, partitionCount: PARTITION_COUNT, clientId });
  }

  heal(): void {
    this.proxy.heal();
    this.registry.heal();
  }

  /** SIGKILL to those that have not finished. */
  async endFleets(): Promise<void> {
    for (const fleet of this.#fleets.splice(0)) await fleet.kill();
  }

  /** From outside, by Kafka's own consumer, on a way that no fault is on. */
  judge(): Promise<Judgement> {
    return judge({ ...this.#dumpSource(), suspectAfterMs: this.policy.suspectAfterMs });
  }

  /** No invariant is broken, every request is answered, nothing that should run has ended. */
  async expectSound(answersMin: number): Promise<Judgement> {
    const judgement = await this.judge();
    expect(judgement.violations).toEqual([]);
    expect(judgement.unansweredCount, 'requests without an answer').toBe(0);
    expect(judgement.checked.I6).toBeGreaterThanOrEqual(answersMin);
    expect(this.died, 'services that ended by themselves').toEqual([]);
    return judgement;
  }

  /** What is committed by now, of all partitions. Reads the whole topic again: for a few looks. */
  async isLogged(look: (log: { readonly records: readonly LogRecord[] }) => boolean): Promise<boolean> {
    const dump = await dumpTopic(this.#dumpSource(), 'read_committed');
    return look({ records: [...dump.values()].flat() });
  }

  async untilLogged(
    what: string,
    look: (log: { readonly records: readonly LogRecord[] }) => boolean,
  ): Promise<void> {
    const untilMs = performance.now() + LOGGED_BOUND_MS;
    while (!(await this.isLogged(look)))
      if (performance.now() > untilMs)
        throw new Error(`not in the log within ${LOGGED_BOUND_MS} ms: ${what}`);
  }

  /** Waits until every replica of every topic of the cluster is in sync: only then another broker may go. */
  async untilInSync(): Promise<void> {
    const untilMs = performance.now() + LOGGED_BOUND_MS;
    for (;;) {
      const { code, stdout } = await this.topicTool('--describe', '--under-replicated-partitions');
      if (code === 0 && stdout.trim() === '') return;
      if (performance.now() > untilMs)
        throw new Error(`not in sync within ${LOGGED_BOUND_MS} ms:\n${stdout}`);
    }
  }

  /** Kafka's own tool for topics, past all faults. */
  topicTool(...args: readonly string[]): Promise<KafkaToolResult> {
    const address = ['--bootstrap-server', this.#dumpSource().brokers.join(',')];
    return kafkaTool(this.stack.kafkaLibsDir, TOPICS, [...address, ...args]);
  }

  #dumpSource(): DumpSource {
    const { registryUrl, kafkaLibsDir } = this.stack;
    const brokers = this.cluster?.brokers ?? this.stack.brokers;
    return { brokers, registryUrl, kafkaLibsDir, topic: this.topic };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    await this.endFleets();
    for (const more of this.#more) await more.stop();
    await this.services.stop();
    await this.cluster?.[Symbol.asyncDispose]();
    await this.stack.stop();
    await this.proxy[Symbol.asyncDispose]();
    await this.registry[Symbol.asyncDispose]();
  }
}
