import type { Appender, NewEvent } from '@profile-warden/events';
import { CompressionTypes, type PartitionerArgs, type Producer, type RecordMetadata } from 'kafkajs';
import { safeOffset } from './committed.ts';
import { createKafka, type KafkaConnection } from './connection.ts';
import { encodeAll, leadingCount, type EncodedEvent, type WriterOptions } from './event-encoder.ts';
import { ProducerGenerations, type Generation } from './producer-generations.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';

export interface AppenderOptions extends WriterOptions {
  readonly connection: KafkaConnection;
  /** Events that may wait or be in flight; more are refused. Default 10,000. */
  readonly queuedCountMax?: number;
  /** Worth it for many alike events in one send, such as the heartbeats of a process. Default off. */
  readonly gzip?: boolean;
  readonly onSignal?: OnSignal;
}

/** `queue-full` and `closed`: nothing was sent. `unknown`: it may be in the log or still get there. */
export type AppendErrorCode = 'queue-full' | 'closed' | 'unknown';

export class AppendError extends Error {
  readonly code: AppendErrorCode;

  constructor(code: AppendErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'AppendError';
    this.code = code;
  }
}

interface Waiting {
  readonly event: EncodedEvent;
  readonly settle: (offset: number) => void;
  readonly reject: (error: AppendError) => void;
}

const REQUEST_MS_MAX = 5_000;
const SEND_COUNT_MAX = 2_000;
/** About 7 s in all: then the caller learns that the outcome is unknown, and its own deadline decides. */
const RETRY = { initialRetryTime: 50, multiplier: 1.5, maxRetryTime: 1_000, retries: 12 };

/**
 * Idempotent appends. What is appended while the sends to its partition are under way goes into the next one together.
 *
 * Of a partition: *idle* → *sending* while anything waits for it → *idle*; there is never a second send to it beside the
 * first, and its events are written in the order in which they were appended. Partitions that a broker leads are sent to
 * it together, and one without a leader by itself: what it holds up, 7 s and more, is its own. After a failed send a
 * partition has another producer, see `ProducerGenerations`. After `close` what waits is still sent and nothing more is
 * taken.
 */
export class KafkaAppender implements Appender {
  readonly #options: AppenderOptions;
  /** By partition, those that were served longest ago first. */
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #sending = new Set<number>();
  readonly #flights = new Set<Promise<void>>();
  /** As the library has told with the last send to the partition; -1 without a leader. */
  readonly #leaders = new Map<number, number>();
  readonly #producers = new ProducerGenerations(() => this.#connect());
  /** Waiting and in flight. */
  #openCount = 0;
  #isDue = false;
  #isClosed = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Connects now and not with the first append. Rejects when no broker answers. */
  async connect(): Promise<void> {
    await this.#producers.common.connected();
  }

  async append(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (this.#isClosed) throw new AppendError('closed', 'the appender is closed');
    const encoded = encodeAll(events, this.#options);
    const room = (this.#options.queuedCountMax ?? 10_000) - this.#openCount;
    if (encoded.length > room)
      throw new AppendError(
        'queue-full',
        `room for ${Math.max(0, room)} events, ${encoded.length} were given`,
      );
    this.#openCount += encoded.length;
    const offsets = encoded.map(
      (event) => new Promise<number>((settle, reject) => this.#put({ event, settle, reject })),
    );
    // One turn of the event loop, so that what callers append in it goes into one send.
    if (!this.#isDue) setImmediate(() => this.#sendWaiting());
    this.#isDue = true;
    return Promise.all(offsets);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    while (this.#openCount > 0) {
      await new Promise(setImmediate);
      await Promise.all(this.#flights);
    }
    await this.#producers.close();
  }

  #put(waiting: Waiting): void {
    const { partition } = waiting.event.message;
    const queue = this.#waiting.get(partition);
    if (queue === undefined) this.#waiting.set(partition, [waiting]);
    else queue.push(waiting);
  }

  #sendWaiting(): void {
    this.#isDue = false;
    const idle = [...this.#waiting.keys()].filter((partition) => !this.#sending.has(partition));
    for (const partitions of Map.groupBy(idle, (partition) => this.#way(partition)).values()) {
      const batch = this.#take(partitions);
      const flight = this.#send(batch).finally(() => this.#flights.delete(flight));
      this.#flights.add(flight);
    }
  }

  /** What shares it may go into one send. */
  #way(partition: number): string {
    const leader = this.#leaders.get(partition) ?? -1;
    return leader < 0 ? `alone ${partition}` : `${leader} ${this.#producers.of(partition).number}`;
  }

  #take(partitions: readonly number[]): readonly Waiting[] {
    const all = partitions.flatMap((partition) => this.#waiting.get(partition) ?? []);
    const batch = all.slice(0, leadingCount(sizes(all), SEND_COUNT_MAX));
    for (const [partition, { length }] of byPartition(batch)) {
      const rest = this.#waiting.get(partition)?.slice(length) ?? [];
      this.#waiting.delete(partition);
      if (rest.length > 0) this.#waiting.set(partition, rest);
    }
    return batch;
  }

  async #send(batch: readonly Waiting[]): Promise<void> {
    const partitions = [...byPartition(batch).keys()];
    const generation = this.#producers.of(partitions[0] ?? 0);
    for (const partition of partitions) this.#sending.add(partition);
    generation.useCount += 1;
    try {
      const unnamed = settle(batch, await this.#produce(generation, batch));
      if (unnamed.length === 0) this.#producers.succeeded(generation);
      else this.#replace(generation, unnamed, 'the broker named no offset');
    } catch (cause) {
      const error = new AppendError('unknown', `the outcome of the append is unknown: ${detailOf(cause)}`, {
        cause,
      });
      for (const waiting of batch) waiting.reject(error);
      this.#replace(generation, partitions, error.message);
    }
    generation.useCount -= 1;
    this.#openCount -= batch.length;
    for (const partition of partitions) this.#sending.delete(partition);
    this.#producers.retire();
    this.#sendWaiting();
  }

  async #produce(generation: Generation, batch: readonly Waiting[]): Promise<RecordMetadata[]> {
    const producer = await generation.connected();
    return producer.sendBatch({
      acks: -1,
      timeout: REQUEST_MS_MAX,
      compression: this.#options.gzip === true ? CompressionTypes.GZIP : CompressionTypes.None,
      topicMessages: [{ topic: this.#options.topic, messages: batch.map(({ event }) => event.message) }],
    });
  }

  #replace(generation: Generation, partitions: readonly number[], detail: string): void {
    if (this.#producers.failed(generation, partitions))
      safeSignal(this.#options.onSignal)({ type: 'producer-replaced', detail });
  }

  async #connect(): Promise<Producer> {
    const kafka = createKafka(this.#options.connection, { requestTimeoutMs: REQUEST_MS_MAX, retry: RETRY });
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: () => namedPartition(this.#leaders),
      retry: RETRY,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      producer.disconnect().catch(() => undefined);
      throw error;
    }
  }
}

/** Every message names its partition. The library asks at each try to send, and says who leads which on the way. */
function namedPartition(leaders: Map<number, number>): (args: PartitionerArgs) => number {
  let last: PartitionerArgs['partitionMetadata'] | undefined;
  let told = new Map<number, number>();
  return ({ partitionMetadata, message }) => {
    if (last !== partitionMetadata)
      told = new Map(partitionMetadata.map(({ partitionId, leader }) => [partitionId, leader]));
    last = partitionMetadata;
    const { partition = -1 } = message;
    leaders.set(partition, told.get(partition) ?? -1);
    return partition;
  };
}

const byPartition = (batch: readonly Waiting[]): Map<number, Waiting[]> =>
  Map.groupBy(batch, ({ event }) => event.message.partition);

function* sizes(waiting: readonly Waiting[]): Iterable<EncodedEvent> {
  for (const { event } of waiting) yield event;
}

/**
 * The records of one partition lie next to each other from its base offset on, in the order given. Returns the partitions
 * that the answers do not name: the library does not try again where a partition has moved to a broker that has already
 * answered.
 */
function settle(batch: readonly Waiting[], results: readonly RecordMetadata[]): readonly number[] {
  const bases = new Map<number, number>();
  for (const { partition, baseOffset } of results) bases.set(partition, safeOffset(baseOffset ?? 'none'));
  const unnamed: number[] = [];
  for (const [partition, ours] of byPartition(batch)) {
    const base = bases.get(partition);
    if (base === undefined) unnamed.push(partition);
    ours.forEach(({ settle: done, reject }, index) => {
      if (base !== undefined) done(base + index);
      else reject(new AppendError('unknown', `the broker named no offset for partition ${partition}`));
    });
  }
  return unnamed;
}
