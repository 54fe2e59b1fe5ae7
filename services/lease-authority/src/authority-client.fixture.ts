import {
  KafkaAppender,
  KafkaTailReader,
  SchemaRegistryClient,
  WriterSchemas,
  type KafkaConnection,
} from '@profile-warden/kafka';
import type { EventOf, LogRecord, WardenEvent } from '@profile-warden/events';
import { request } from '@profile-warden/testkit/spec';

export type Answer = EventOf<'LeaseGranted'> | EventOf<'LeaseDenied'>;

/** Somebody who asks for leases on a real topic and reads the answers back. */
export class AuthorityClient {
  readonly #appender: KafkaAppender;
  readonly #tail: KafkaTailReader;
  readonly #registry: SchemaRegistryClient;
  readonly #waiting = new Map<string, (answer: Answer) => void>();
  readonly records: LogRecord[] = [];
  #saidCount = 0;

  private constructor(appender: KafkaAppender, tail: KafkaTailReader, registry: SchemaRegistryClient) {
    this.#appender = appender;
    this.#tail = tail;
    this.#registry = registry;
  }

  static async open(target: {
    readonly brokers: readonly string[];
    readonly registryUrl: string;
    readonly topic: string;
    readonly partitionCount: number;
  }): Promise<AuthorityClient> {
    const { topic, partitionCount } = target;
    const connection: KafkaConnection = { brokers: target.brokers, clientId: 'client' };
    const registry = new SchemaRegistryClient({ url: target.registryUrl });
    const schemaIds = await registry.schemaIds();
    const schemas = new WriterSchemas(schemaIds, registry);
    const appender = new KafkaAppender({ connection, topic, partitionCount, schemaIds, source: 'client' });
    const tail = new KafkaTailReader({ connection, topic, partitionCount, schemas });
    const client = new AuthorityClient(appender, tail, registry);
    tail.start((record) => client.#take(record));
    for (let partition = 0; partition < partitionCount; partition += 1) await tail.follow(partition);
    return client;
  }

  async say(profileId: string, event: WardenEvent): Promise<number> {
    this.#saidCount += 1;
    const [offset = -1] = await this.#appender.append([
      { id: `client-${this.#saidCount}`, profileId, event },
    ]);
    return offset;
  }

  /** Resolves with the answer, and rejects where there is none within `boundMs`. */
  async ask(profileId: string, requestId: string, boundMs = 20_000): Promise<Answer> {
    const answered = new Promise<Answer>((resolve, reject) => {
      const late = setTimeout(() => reject(new Error(`${requestId} has no answer`)), boundMs);
      this.#waiting.set(requestId, (answer) => {
        clearTimeout(late);
        resolve(answer);
      });
    });
    await this.say(profileId, request(requestId, { incarnation: requestId }));
    return answered;
  }

  async close(): Promise<void> {
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
