import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import { COMPATIBILITY, SchemaRegistry, SchemaType } from '@kafkajs/confluent-schema-registry';
import { EVENT_TYPES, schemaOf, subjectOf, type AvroSchema, type EventType } from '@profile-warden/events';
import { isNotSetYet, isSetByAnother, registryError } from './registry-error.ts';
import { registryAddress } from './registry-address.ts';
import { KafkaSetupError } from './setup-error.ts';
import { backoffMs, pause, within } from './wait.ts';

export interface RegistryOptions {
  /** Base of the Confluent API. */
  readonly url: string;
  readonly clientId?: string;
  /** Ms one call may take, whatever the registry does. Default 2,000. */
  readonly callMsMax?: number;
  /** Ms for which an id that the registry does not know is not asked for again. Default 30,000. */
  readonly unknownIdMs?: number;
  /** Ms of a clock, for the bound above. Default monotonic. */
  readonly now?: () => number;
}

/** What the client hands out for Avro: a type of avsc. */
interface AvroType {
  schema(options: { readonly exportAttrs: boolean }): AvroSchema;
}

/** One try: our own loops wait, and the library keeps its retry settings in a variable of the whole process. */
const NO_RETRY = {
  retries: 0,
  maxRetryTimeInSecs: 0.1,
  initialRetryTimeInSecs: 0.01,
  factor: 0,
  multiplier: 1,
};

/** A race with another deploy step is over once that one has set the subject up: about 4 s in all. */
const REGISTER_TRIES_MAX = 9;

/** The text that is registered and looked up: the same bytes each time, or the registry does not find them. */
const schemaText = (schema: AvroSchema): string => JSON.stringify(schema);

/**
 * The schema registry, with what its client lacks: a bound on every call, a difference between what may pass and
 * what will not, and a memory for unknown ids. A call that runs out of time leaves its client behind, since the
 * client hands the hung request to whoever asks for the same id again.
 */
export class SchemaRegistryClient {
  readonly #options: RegistryOptions;
  readonly #unknown = new Map<number, { readonly until: number; readonly error: KafkaSetupError }>();
  #agent: HttpAgent;
  #client: SchemaRegistry;

  constructor(options: RegistryOptions) {
    this.#options = options;
    this.#agent = newAgent(options.url);
    this.#client = this.#newClient();
  }

  /** Schema that records with this id were written with. */
  async schemaById(id: number): Promise<AvroSchema> {
    const unknown = this.#unknown.get(id);
    if (unknown !== undefined) {
      if (this.#now() < unknown.until) throw unknown.error;
      this.#unknown.delete(id);
    }
    try {
      const type = await this.#call(`schema ${id}`, (client) => client.getSchema(id));
      return (type as unknown as AvroType).schema({ exportAttrs: true });
    } catch (error) {
      if (error instanceof KafkaSetupError && !error.isTransient)
        this.#unknown.set(id, { until: this.#now() + (this.#options.unknownIdMs ?? 30_000), error });
      throw error;
    }
  }

  /** Id of exactly our schema of one event. */
  idOf(type: EventType): Promise<number> {
    const subject = subjectOf(type);
    return this.#call(`id of ${subject}`, (client) =>
      client.getRegistryIdBySchema(subject, { type: SchemaType.AVRO, schema: schemaText(schemaOf(type)) }),
    );
  }

  /** Ids of all our schemas, for a service that starts. Waits up to `waitMs` for a registry that is away. */
  async schemaIds(waitMs = 60_000): Promise<ReadonlyMap<EventType, number>> {
    const until = this.#now() + waitMs;
    const ids = new Map<EventType, number>();
    for (const type of EVENT_TYPES) {
      for (let attempt = 0; !ids.has(type); attempt += 1) {
        try {
          ids.set(type, await this.idOf(type));
        } catch (error) {
          if (!(error instanceof KafkaSetupError && error.isTransient) || this.#now() >= until) throw error;
          await pause(Math.min(backoffMs(attempt, 200, 3_000), Math.max(0, until - this.#now())));
        }
      }
    }
    return ids;
  }

  /** Deploy step: registers one schema under its subject and holds the subject to FULL_TRANSITIVE. */
  async register(subject: string, schema: AvroSchema): Promise<number> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        const { id } = await this.#call(`register ${subject}`, (client) =>
          client.register(
            { type: SchemaType.AVRO, schema: schemaText(schema) },
            { subject, compatibility: COMPATIBILITY.FULL_TRANSITIVE },
          ),
        );
        return id;
      } catch (error) {
        const isRace =
          error instanceof KafkaSetupError && (isSetByAnother(error.cause) || isNotSetYet(error.cause));
        if (!isRace || attempt >= REGISTER_TRIES_MAX) throw error;
        await pause(backoffMs(attempt - 1, 50, 1_000));
      }
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  async #call<T>(what: string, work: (client: SchemaRegistry) => Promise<T>): Promise<T> {
    const { url, callMsMax = 2_000 } = this.#options;
    const client = this.#client;
    try {
      return await within(
        work(client),
        callMsMax,
        () =>
          new KafkaSetupError(
            'registry-timeout',
            `${what}: no answer from ${registryAddress(url)} within ${callMsMax} ms`,
          ),
      );
    } catch (error) {
      if (error instanceof KafkaSetupError && client === this.#client) {
        this.#agent.destroy();
        this.#agent = newAgent(url);
        this.#client = this.#newClient();
      }
      throw error instanceof KafkaSetupError ? error : registryError(what, url, error);
    }
  }

  #newClient(): SchemaRegistry {
    const { url, clientId = 'profile-warden' } = this.#options;
    return new SchemaRegistry({ host: url, clientId, retry: NO_RETRY, agent: this.#agent });
  }

  #now(): number {
    return (this.#options.now ?? (() => performance.now()))();
  }
}

const newAgent = (url: string): HttpAgent =>
  url.startsWith('https:') ? new HttpsAgent({ keepAlive: true }) : new HttpAgent({ keepAlive: true });
