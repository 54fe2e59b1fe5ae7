import { startServices, type Services } from '@profile-warden/devstack';
import { emptyPartition, evolve, isOwned, type PartitionState, type Policy } from '@profile-warden/domain';
import type { LogListener, LogRecord } from '@profile-warden/events';
import { KafkaAppender, KafkaLogReader, SchemaRegistryClient, WriterSchemas } from '@profile-warden/kafka';
import { inTransaction, openPool } from '@profile-warden/postgres';
import { freshDatabase, freshTopicName, parts } from '@profile-warden/testkit/parts';
import { Client } from './client.fixture.ts';
import { LogOperations } from './log-operations.fixture.ts';
import { writeOperation, type Operation } from './operation.fixture.ts';
import { Reviewer } from './reviewer.fixture.ts';

const HEARTBEAT_EVERY_MS = 200;
const MARGIN_MS = 700;
/** A recovery within a few seconds; every inequality of the policy holds. */
const POLICY: Partial<Policy> = {
  version: 'histories-1',
  tickEveryMs: 100,
  heartbeatEveryMs: HEARTBEAT_EVERY_MS,
  suspectAfterMs: 600,
  leaseMs: 2_000,
  unreachableAfterMs: 1_500,
  startBudgetMs: 20_000,
  settleMs: 300,
  killMs: 300,
  marginMs: MARGIN_MS,
  evidenceAttempts: 2,
  evidenceEveryMs: 500,
  collectorTimeoutMs: 10_000,
  massSilence: { fraction: 0.3, minLeases: 10, windowMs: 200, holdMs: 2_000 },
};

const PARTITIONS = 3;
const HOST_ID = 'history-host';
const TARGET = 'main';
const PROFILE_IDS = ['p1', 'p6', 'p7'];

/** The real services on the real parts of this test run, clients at work on them, and what all of them have lived through. */
export class ServiceRun implements LogListener, AsyncDisposable {
  readonly services: Services;
  readonly log = new LogOperations();
  readonly #topic: string;
  readonly #databaseUrl: string;
  readonly #states = Array.from({ length: PARTITIONS }, (_none, partition) => emptyPartition(partition));
  readonly #clients: Client[] = [];
  readonly #startedMs = Date.now();
  readonly #ends: (() => Promise<unknown>)[] = [];

  private constructor(services: Services, topic: string, databaseUrl: string) {
    this.services = services;
    this.#topic = topic;
    this.#databaseUrl = databaseUrl;
  }

  static async open(): Promise<ServiceRun> {
    const { brokers, registryUrl } = parts();
    const [topic, postgresUrl] = [freshTopicName(), await freshDatabase()];
    const services = await startServices(
      { brokers, registryUrl, postgresUrl },
      {
        topic,
        cluster: topic,
        hostId: HOST_ID,
        policy: POLICY,
        env: { WARDEN_PARTITIONS: String(PARTITIONS), WARDEN_SESSION_MS: '6000' },
      },
    );
    const run = new ServiceRun(services, topic, postgresUrl);
    try {
      await run.#begin();
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
    return run;
  }

  client(workerId: string): Client {
    const { brokers, registryUrl } = parts();
    const connect = {
      workerId,
      brokers,
      registryUrl,
      topic: this.#topic,
      partitionCount: PARTITIONS,
      hostId: HOST_ID,
      heartbeatEveryMs: HEARTBEAT_EVERY_MS,
      marginMs: MARGIN_MS,
    };
    const databaseUrl = this.#databaseUrl;
    const client = new Client({ connect, databaseUrl, target: TARGET, profileIds: PROFILE_IDS });
    this.#clients.push(client);
    return client;
  }

  /** How often it has come to this so far. */
  count(op: Operation['op'], outcome: Operation['outcome']): number {
    return this.operations().filter((operation) => operation.op === op && operation.outcome === outcome)
      .length;
  }

  holds(workerId: string): boolean {
    return this.#states.some(({ profiles }) =>
      [...profiles.values()].some((profile) => profile.lease?.workerId === workerId && isOwned(profile)),
    );
  }

  operations(): readonly Operation[] {
    const writes = this.#clients.flatMap(({ writes: all }) =>
      all.map(({ callMs, answeredMs, ...write }) =>
        writeOperation({
          ...write,
          callMs: this.#since(callMs),
          answeredMs: answeredMs === null ? null : this.#since(answeredMs),
        }),
      ),
    );
    return [...this.log.operations, ...writes];
  }

  assigned(): Promise<{ from: number }> {
    return Promise.resolve({ from: 0 });
  }

  revoked(): void {
    // Given by hand, never taken away.
  }

  records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> {
    const state = this.#states[partition];
    if (state === undefined) throw new RangeError(`partition ${partition} is none of this topic's`);
    for (const record of records) {
      const isEffective = evolve(state, record) === 'applied';
      const [fromMs, untilMs] = [this.#since(record.brokerMs), this.#since(Date.now() + 1)];
      this.log.take({ record, isEffective, fromMs, untilMs });
    }
    state.nextOffset = nextOffset;
    return Promise.resolve();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const client of this.#clients) await client.kill();
    for (const end of this.#ends.splice(0).reverse()) await end();
    await this.services.stop();
  }

  get states(): readonly PartitionState[] {
    return this.#states;
  }

  #since(calendarMs: number): number {
    return calendarMs - this.#startedMs;
  }

  async #begin(): Promise<void> {
    const { brokers, registryUrl } = parts();
    const pool = openPool(this.#databaseUrl, { applicationName: 'histories' });
    this.#ends.push(() => pool.end());
    await inTransaction(pool, (client) =>
      client.query('create table written (profile_id text not null, token bigint not null)'),
    );
    const registry = new SchemaRegistryClient({ url: registryUrl });
    this.#ends.push(() => {
      registry.close();
      return Promise.resolve();
    });
    const schemaIds = await registry.schemaIds();
    const topic = {
      connection: { brokers, clientId: 'histories' },
      topic: this.#topic,
      partitionCount: PARTITIONS,
    };
    const schemas = new WriterSchemas(schemaIds, registry);
    const partitions = this.#states.map(({ partition }) => partition);
    const reader = new KafkaLogReader({ ...topic, schemas, assignment: { partitions } });
    this.#ends.push(() => reader.stop());
    await reader.start(this);
    const appender = new KafkaAppender({ ...topic, schemaIds, source: 'histories' });
    this.#ends.push(() => appender.close());
    const reviewer = new Reviewer(this.#states, appender);
    this.#ends.push(() => reviewer.stop());
  }
}
