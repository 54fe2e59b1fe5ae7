import { execFileSync } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startServices, type Services } from '@profile-warden/devstack';
import { AuthorityClient } from '@profile-warden/testkit/client';
import { freshDatabase, freshTopicName, parts } from '@profile-warden/testkit/parts';
import type { EventType, RecordBody } from '@profile-warden/events';
import type { FastifyInstance } from 'fastify';
import type { KillPoint, WorkerOrders, WorkerWord } from './orders.ts';
import { createShop, type Ledger } from './shop.ts';
import { runWorker } from './worker-process.ts';

export const CHROMIUM = '/usr/bin/chromium';

/** A recovery within seconds, but for what Chromium itself takes to save a cookie. */
const POLICY = {
  version: 'example-1',
  tickEveryMs: 250,
  heartbeatEveryMs: 1_000,
  suspectAfterMs: 3_500,
  leaseMs: 12_000,
  unreachableAfterMs: 8_000,
  startBudgetMs: 60_000,
  settleMs: 2_000,
  killMs: 2_000,
  marginMs: 4_000,
  evidenceEveryMs: 1_000,
  collectorTimeoutMs: 20_000,
  checkpointSettleMs: 35_000,
  massSilence: { fraction: 0.3, minLeases: 100, windowMs: 1_000, holdMs: 12_000 },
};
/** Until a checkpoint in the profile is settled; log time falls behind where the machine is slow. */
const LOOK_AROUND_MS = 45_000;
const HOST_ID = 'example-host';
const PARTITION_COUNT = 6;

/** The product on the real parts of this test run, and the shop. */
export class ExampleWorld implements AsyncDisposable {
  readonly #services: Services;
  readonly #log: AuthorityClient;
  readonly #shop: FastifyInstance;
  readonly #shopUrl: string;
  readonly #topic: string;
  readonly #folder: string;
  readonly #ends = new AbortController();

  private constructor(world: {
    services: Services;
    log: AuthorityClient;
    shop: FastifyInstance;
    shopUrl: string;
    topic: string;
    folder: string;
  }) {
    this.#services = world.services;
    this.#log = world.log;
    this.#shop = world.shop;
    this.#shopUrl = world.shopUrl;
    this.#topic = world.topic;
    this.#folder = world.folder;
  }

  static async open(): Promise<ExampleWorld> {
    const { brokers, registryUrl } = parts();
    const topic = freshTopicName();
    const services = await startServices(
      { brokers, registryUrl, postgresUrl: await freshDatabase() },
      { hostId: HOST_ID, topic, cluster: topic, policy: POLICY },
    );
    const shop = createShop();
    return new ExampleWorld({
      services,
      shop,
      topic,
      log: await AuthorityClient.open({ brokers, registryUrl, topic, partitionCount: PARTITION_COUNT }),
      shopUrl: await shop.listen({ host: '127.0.0.1', port: 0 }),
      folder: await mkdtemp(join(tmpdir(), 'playwright-worker-')),
    });
  }

  /** A worker for this customer, to its end. */
  run(customer: string, name: string, killAt: KillPoint | null): Promise<readonly WorkerWord[]> {
    const { brokers, registryUrl } = parts();
    const orders: WorkerOrders = {
      connection: {
        workerId: `${customer}-${name}`,
        brokers,
        registryUrl,
        topic: this.#topic,
        hostId: HOST_ID,
        heartbeatEveryMs: POLICY.heartbeatEveryMs,
        marginMs: POLICY.marginMs,
      },
      profileId: customer,
      profileDirectory: join(this.#folder, customer),
      browser: { program: CHROMIUM, version: /\d[\d.]*/.exec(chromiumVersion())?.[0] ?? '' },
      shopUrl: `${this.#shopUrl}/of/${customer}/`,
      killAt,
      lookAroundMs: killAt === 'after-login' || killAt === 'in-cart' ? LOOK_AROUND_MS : 0,
    };
    return runWorker(orders, () => undefined, this.#ends.signal);
  }

  async ledger(customer: string): Promise<Ledger> {
    return (await fetch(`${this.#shopUrl}/ledger/${customer}`)).json() as Promise<Ledger>;
  }

  /** What the log says of this customer's profile, by type. */
  said(customer: string, type: EventType): readonly RecordBody[] {
    const events = this.#log.records.filter((one) => one.profileId === customer).map(({ event }) => event);
    return events.filter((event) => event.type === type);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ends.abort();
    await this.#shop.close();
    await this.#log[Symbol.asyncDispose]();
    await this.#services.stop();
    await rm(this.#folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

const chromiumVersion = (): string => execFileSync(CHROMIUM, ['--version'], { encoding: 'utf8' });
