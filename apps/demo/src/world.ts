import {
  startServices,
  startStack,
  type Services,
  type Stack,
  type StackKind,
} from '@profile-warden/devstack';
import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';
import {
  SchemaRegistryClient,
  WriterSchemas,
  KafkaAppender,
  type KafkaConnection,
} from '@profile-warden/kafka';
import { randomUUID } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AccountService } from './account.ts';
import { findBrowser, type BrowserKind } from './browser.ts';
import type { Plan, WorkerOrders } from './messages.ts';
import { Shop } from './shop.ts';
import { Story, type StoryOptions } from './story.ts';
import { WorkerHandle } from './worker-handle.ts';

export interface WorldOptions {
  readonly kind?: StackKind;
  readonly browser?: BrowserKind;
  readonly policy?: Partial<Policy>;
  readonly brokerConfig?: Record<string, string>;
  readonly env?: Record<string, string>;
  readonly onProgress: (line: string) => void;
  readonly onTold?: StoryOptions['onTold'];
}

/** Scaled so that a recovery takes seconds; every inequality of the policy still holds. */
const DEMO_POLICY: Partial<Policy> = {
  version: 'demo-1',
  tickEveryMs: 250,
  heartbeatEveryMs: 700,
  suspectAfterMs: 2_500,
  leaseMs: 8_000,
  unreachableAfterMs: 4_000,
  startBudgetMs: 20_000,
  settleMs: 2_000,
  killMs: 2_000,
  marginMs: 3_000,
  evidenceEveryMs: 1_000,
  collectorTimeoutMs: 10_000,
  massSilence: { fraction: 0.3, minLeases: 10, windowMs: 1_000, holdMs: 8_000 },
};

const TOPIC = 'profile-leases.v1';
const PARTITION_COUNT = 6;
const HOST_ID = 'demo-host';

/** Everything a scene plays on: the real parts, the services, the log as it is told, and the worker processes. */
export class World implements AsyncDisposable {
  readonly policy: Policy;
  readonly stack: Stack;
  readonly services: Services;
  readonly story: Story;
  readonly accounts: AccountService;
  readonly browser: BrowserKind;
  readonly appender: KafkaAppender;
  readonly #shop: Shop;
  readonly #shopUrl: string;
  readonly #directory: string;
  readonly #workers: WorkerHandle[] = [];
  readonly #registry: SchemaRegistryClient;

  private constructor(parts: {
    policy: Policy;
    stack: Stack;
    services: Services;
    story: Story;
    accounts: AccountService;
    browser: BrowserKind;
    appender: KafkaAppender;
    shop: Shop;
    shopUrl: string;
    directory: string;
    registry: SchemaRegistryClient;
  }) {
    this.policy = parts.policy;
    this.stack = parts.stack;
    this.services = parts.services;
    this.story = parts.story;
    this.accounts = parts.accounts;
    this.browser = parts.browser;
    this.appender = parts.appender;
    this.#shop = parts.shop;
    this.#shopUrl = parts.shopUrl;
    this.#directory = parts.directory;
    this.#registry = parts.registry;
  }

  static async open(options: WorldOptions): Promise<World> {
    const change = options.policy ?? DEMO_POLICY;
    const policy: Policy = { ...DEFAULT_POLICY, ...change };
    const stack = await startStack({
      ...(options.kind === undefined ? {} : { kind: options.kind }),
      ...(options.brokerConfig === undefined ? {} : { brokerConfig: options.brokerConfig }),
      onProgress: options.onProgress,
    });
    try {
      const services = await startServices(stack, {
        hostId: HOST_ID,
        policy: change,
        topic: TOPIC,
        ...(options.env === undefined ? {} : { env: options.env }),
        onProgress: options.onProgress,
        onServiceDied: (error) => options.onProgress(`a service ended: ${error.message}`),
      });
      const connection: KafkaConnection = { brokers: stack.brokers, clientId: 'demo' };
      const registry = new SchemaRegistryClient({ url: stack.registryUrl, clientId: 'demo' });
      const schemaIds = await registry.schemaIds();
      const writer = { connection, topic: TOPIC, partitionCount: PARTITION_COUNT };
      const story = new Story({
        ...writer,
        schemas: new WriterSchemas(schemaIds, registry),
        ...(options.onTold === undefined ? {} : { onTold: options.onTold }),
      });
      await story.start();
      const shop = new Shop();
      return new World({
        policy,
        stack,
        services,
        story,
        accounts: await AccountService.open(stack.postgresUrl),
        browser: options.browser ?? findBrowser(),
        appender: new KafkaAppender({ ...writer, schemaIds, source: 'demo' }),
        shop,
        shopUrl: await shop.open(),
        directory: await mkdtemp(join(tmpdir(), 'profile-warden-demo-')),
        registry,
      });
    } catch (error) {
      await stack.stop();
      throw error;
    }
  }

  /** Starts a worker process with these orders. */
  worker(plan: Plan, workerId: string, profileId: string, taskId = `${profileId}-task`): WorkerHandle {
    const orders: WorkerOrders = {
      plan,
      workerId,
      profileId,
      taskId,
      directory: join(this.#directory, profileId),
      browser: this.browser,
      shopUrl: this.#shopUrl,
      brokers: this.stack.brokers,
      registryUrl: this.stack.registryUrl,
      topic: TOPIC,
      partitionCount: PARTITION_COUNT,
      databaseUrl: this.stack.postgresUrl,
      hostId: HOST_ID,
      heartbeatEveryMs: this.policy.heartbeatEveryMs,
      marginMs: this.policy.marginMs,
    };
    const worker = new WorkerHandle(orders);
    this.#workers.push(worker);
    return worker;
  }

  /** Reports a refused write as an account service does, outside its aborted transaction. */
  async reportRefusedWrite(profileId: string, token: number, sqlState: string): Promise<void> {
    await this.appender.append([
      {
        id: `WriteRefused/${randomUUID()}`,
        profileId,
        event: { type: 'WriteRefused', presentedToken: token, knownToken: null, target: 'main', sqlState },
      },
    ]);
  }

  /** A tick as the detector writes it, for scenes in which the detector cannot. */
  async tick(partition: number): Promise<void> {
    const { tickEveryMs: intervalMs } = this.policy;
    await this.appender.append([
      {
        id: `ClockTicked/${partition}/${randomUUID()}`,
        profileId: null,
        partition,
        event: { type: 'ClockTicked', intervalMs, epoch: -1 },
      },
    ]);
  }

  endWorkers(): void {
    for (const worker of this.#workers) worker.kill();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.endWorkers();
    await this.story.stop();
    await this.appender.close();
    await this.accounts.close();
    await this.#shop.close();
    this.#registry.close();
    await this.services.stop();
    await this.stack.stop();
    await rm(this.#directory, { recursive: true, force: true });
  }
}
