import type { Appender, NewEvent } from '@profile-warden/events';
import { CompressionTypes, Partitioners, type Producer, type RecordMetadata } from 'kafkajs';
import { safeOffset } from './committed.ts';
import { createKafka, type KafkaConnection } from './connection.ts';
import { encodeAll, leadingCount, type EncodedEvent, type WriterOptions } from './event-encoder.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';

export interface AppenderOptions extends WriterOptions {
  readonly connection: KafkaConnection;
  /** Events that may wait for the send in flight; more are refused. Default 10,000. */
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
 * Idempotent appends, one send in flight.
 *
 * *Idle* → *sending* while anything waits; what is appended meanwhile goes into the next send together → *idle*.
 * After `close` what waits is still sent and nothing more is taken. The library gives a failed send's sequence
 * numbers to the next one, which the broker may then take for a duplicate and acknowledge without writing it.
 * So there is never a second send beside the first, and after a failed one the producer is replaced.
 */
export class KafkaAppender implements Appender {
  readonly #options: AppenderOptions;
  readonly #waiting: Waiting[] = [];
  #producer: Promise<Producer> | undefined;
  #sending: Promise<void> | undefined;
  #inFlightCount = 0;
  #isClosed = false;

  constructor(options: AppenderOptions) {
    this.#options = options;
  }

  /** Connects now and not with the first append. Rejects when no broker answers. */
  async connect(): Promise<void> {
    await this.#connected();
  }

  async append(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (this.#isClosed) throw new AppendError('closed', 'the appender is closed');
    const encoded = encodeAll(events, this.#options);
    const room = (this.#options.queuedCountMax ?? 10_000) - this.#waiting.length - this.#inFlightCount;
    if (encoded.length > room)
      throw new AppendError(
        'queue-full',
        `room for ${Math.max(0, room)} events, ${encoded.length} were given`,
      );
    const offsets = encoded.map(
      (event) => new Promise<number>((settle, reject) => this.#waiting.push({ event, settle, reject })),
    );
    this.#sending ??= this.#sendAll().finally(() => {
      this.#sending = undefined;
    });
    return Promise.all(offsets);
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#sending;
    const producer = this.#producer;
    this.#producer = undefined;
    await producer?.then((connected) => connected.disconnect()).catch(() => undefined);
  }

  async #sendAll(): Promise<void> {
    // One turn of the event loop, so that what callers append in it goes into one send.
    await new Promise(setImmediate);
    while (this.#waiting.length > 0) {
      const count = leadingCount(sizes(this.#waiting), SEND_COUNT_MAX);
      const batch = this.#waiting.splice(0, count);
      this.#inFlightCount = count;
      try {
        settle(batch, await this.#send(batch));
      } catch (cause) {
        const error = new AppendError('unknown', `the outcome of the append is unknown: ${detailOf(cause)}`, {
          cause,
        });
        for (const waiting of batch) waiting.reject(error);
        this.#replaceProducer(error.message);
      }
      this.#inFlightCount = 0;
    }
  }

  async #send(batch: readonly Waiting[]): Promise<RecordMetadata[]> {
    const producer = await this.#connected();
    return producer.sendBatch({
      acks: -1,
      timeout: REQUEST_MS_MAX,
      compression: this.#options.gzip === true ? CompressionTypes.GZIP : CompressionTypes.None,
      topicMessages: [{ topic: this.#options.topic, messages: batch.map(({ event }) => event.message) }],
    });
  }

  #connected(): Promise<Producer> {
    this.#producer ??= this.#connect();
    return this.#producer;
  }

  async #connect(): Promise<Producer> {
    const kafka = createKafka(this.#options.connection, { requestTimeoutMs: REQUEST_MS_MAX, retry: RETRY });
    const producer = kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: RETRY,
    });
    try {
      await producer.connect();
      return producer;
    } catch (error) {
      this.#producer = undefined;
      producer.disconnect().catch(() => undefined);
      throw error;
    }
  }

  #replaceProducer(detail: string): void {
    const old = this.#producer;
    this.#producer = undefined;
    old?.then((producer) => producer.disconnect()).catch(() => undefined);
    safeSignal(this.#options.onSignal)({ type: 'producer-replaced', detail });
  }
}

function* sizes(waiting: readonly Waiting[]): Iterable<EncodedEvent> {
  for (const { event } of waiting) yield event;
}

/** The records of one partition lie next to each other from its base offset on, in the order given. */
function settle(batch: readonly Waiting[], results: readonly RecordMetadata[]): void {
  const next = new Map<number, number>();
  for (const { partition, baseOffset } of results) next.set(partition, safeOffset(baseOffset ?? 'none'));
  for (const { event, settle: done, reject } of batch) {
    const { partition } = event.message;
    const offset = next.get(partition);
    if (offset === undefined) {
      reject(new AppendError('unknown', `the broker named no offset for partition ${partition}`));
      continue;
    }
    next.set(partition, offset + 1);
    done(offset);
  }
}
