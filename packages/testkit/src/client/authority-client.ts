import {
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  type KafkaConnection,
} from '@profile-warden/kafka';
import type { EventOf, LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';
import { request } from '../spec/index.ts';

export type Answer = EventOf<'LeaseGranted'> | EventOf<'LeaseDenied'>;

export interface AuthorityClientOptions {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  /** Begins the id of everything it says; two clients of one topic need two of them. Default `client`. */
  readonly clientId?: string;
}

/** A request that is in the log. */
export interface Asked {
  readonly offset: number;
  /** Rejects where there is none within the bound. */
  readonly answer: Promise<Answer>;
}

const ANSWER_MS_MAX = 20_000;

/** Somebody who asks for leases on a real topic and reads the answers back, and does nothing else that a worker does. */
export class AuthorityClient implements AsyncDisposable {
  readonly #appender: KafkaAppender;
  readonly #tail: KafkaTailReader;
  readonly #registry: SchemaRegistryClient;
  readonly #clientId: string;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly records: LogRecord[] = [];
  #saidCount = 0;

  private constructor(parts: {
    appender: KafkaAppender;
    tail: KafkaTailReader;
    registry: SchemaRegistryClient;
    clientId: string;
  }) {
    this.#appender = parts.appender;
    this.#tail = parts.tail;
    this.#registry = parts.registry;
    this.#clientId = parts.clientId;
  }

  static async open(options: AuthorityClientOptions): Promise<AuthorityClient> {
    const { topic, partitionCount, clientId = 'client' } = options;
    const connection: KafkaConnection = { brokers: options.brokers, clientId };
    const registry = new SchemaRegistryClient({ url: options.registryUrl });
    const schemaIds = await registry.schemaIds();
    const schemas = new WriterSchemas(schemaIds, registry);
    const appender = new KafkaAppender({ connection, topic, partitionCount, schemaIds, source: clientId });
    const tail = new KafkaTailReader({ connection, topic, partitionCount, schemas });
    const client = new AuthorityClient({ appender, tail, registry, clientId });
    tail.start((record) => client.#take(record));
    for (let partition = 0; partition < partitionCount; partition += 1) await tail.follow(partition);
    return client;
  }

  /** Resolves with the offset once the broker has acknowledged it. */
  async say(profileId: string, event: WardenEvent): Promise<number> {
    const [offset = -1] = await this.sayAll([{ profileId, event }]);
    return offset;
  }

  sayAll(events: readonly Omit<NewEvent, 'id'>[]): Promise<readonly number[]> {
    return this.#appender.append(
      events.map((event): NewEvent => {
        this.#saidCount += 1;
        return { ...event, id: `${this.#clientId}-${this.#saidCount}` };
      }),
    );
  }

  /** Resolves when the request is in the log, long before it is answered. */
  async send(profileId: string, requestId: string, boundMs = ANSWER_MS_MAX): Promise<Asked> {
    const answer = new Promise<Answer>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${requestId} has no answer`)), boundMs);
      this.#waiting.set(requestId, (given) => {
        clearTimeout(late);
        resolve(given);
      });
    });
    // It may be late before anybody awaits it.
    answer.catch(() => undefined);
    const offset = await this.say(profileId, request(requestId, { incarnation: requestId }));
    return { offset, answer };
  }

  /** Resolves with the answer, and rejects where there is none within `boundMs`. */
  async ask(profileId: string, requestId: string, boundMs = ANSWER_MS_MAX): Promise<Answer> {
    const { answer } = await this.send(profileId, requestId, boundMs);
    return answer;
  }

  /** Gives a lease back as a worker does that has finished and closed its browser. */
  async release(profileId: string, token: number): Promise<number> {
    return this.say(profileId, {
      type: 'ReleaseRequested',
      token,
      outcome: 'completed',
      browserClosed: 'confirmed',
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#tail.stop();
    await this.#appender.close();
    this.#registry.close();
  }

  #take(record: LogRecord): void {
    this.records.push(record);
    const { event } = record;
    if (event.type === 'LeaseGranted' || event.type === 'LeaseDenied')
      this.#waiting.get(event.requestId)?.(event);
  }
}
