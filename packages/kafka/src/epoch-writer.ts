import type { Epoch, EpochWriter, NewEvent } from '@profile-warden/events';
import { Partitioners, type Producer } from 'kafkajs';
import { createKafka, type KafkaConnection } from './connection.ts';
import { epochLost } from './epoch-error.ts';
import { encodeAll, type WriterOptions } from './event-encoder.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';
import { TransactionalEpoch, transact, type EpochParts } from './transactional-epoch.ts';
import { backoffMs, pause, unlessAborted, within } from './wait.ts';

export interface EpochWriterOptions extends WriterOptions {
  readonly connection: KafkaConnection;
  /** Name of the installation: whoever shares it and the topic fences one another. */
  readonly cluster: string;
  /** Events one transaction may carry. Default 1,000. */
  readonly transactionCountMax?: number;
  /** Ms until a transaction counts as lost. Default 8,000, below the 10,000 after which the coordinator ends it. */
  readonly commitMsMax?: number;
  /** Ms a takeover may take, all tries together. Default 30,000. */
  readonly takeoverMsMax?: number;
  readonly onSignal?: OnSignal;
}

const REQUEST_MS_MAX = 5_000;
const TRANSACTION_MS_MAX = 10_000;
const RETRY_FIRST_MS = 50;
const RETRY_MAX_MS = 1_000;
/** Small steps: while the markers of a transaction are written the next one is told to come again. */
const RETRY = { initialRetryTime: 5, factor: 0.2, multiplier: 1.5, maxRetryTime: 500, retries: 14 };

/**
 * Takes partitions over, each under a transactional id of its own, so that the coordinator fences the former writer
 * of that partition and no other. A takeover is one transaction with the barrier in it: only with that the former
 * writer is fenced and whatever it left open is aborted; `connect` alone fences nobody.
 */
export class KafkaEpochWriter implements EpochWriter {
  readonly #options: EpochWriterOptions;

  constructor(options: EpochWriterOptions) {
    this.#options = options;
  }

  async takeOver(partition: number, barrier: NewEvent, signal: AbortSignal): Promise<Epoch> {
    const {
      takeoverMsMax = 30_000,
      transactionCountMax = 1_000,
      commitMsMax = 8_000,
      onSignal,
    } = this.#options;
    const signalled = safeSignal(onSignal);
    const [event] = encodeAll([barrier], this.#options);
    if (event?.message.partition !== partition)
      throw new RangeError(
        `the barrier is for partition ${event?.message.partition ?? ''}, not ${partition}`,
      );
    const until = performance.now() + takeoverMsMax;
    for (let attempt = 0; ; attempt += 1) {
      signal.throwIfAborted();
      const producer = this.#newProducer(partition);
      const work = this.#begin(producer, event);
      try {
        const bounded = within(
          work,
          until - performance.now(),
          () => new Error(`no takeover in ${takeoverMsMax} ms`),
        );
        const epoch = await unlessAborted(bounded, signal);
        signalled({ type: 'epoch-started', partition, epoch });
        const parts: EpochParts = { ...this.#options, producer, partition, transactionCountMax, commitMsMax };
        return new TransactionalEpoch(epoch, parts);
      } catch (error) {
        const disconnect = (): Promise<void> => producer.disconnect().catch(() => undefined);
        void disconnect();
        // Left alone, the library may connect again for a retry of its own: once more when that is over.
        void work.catch(() => undefined).then(disconnect);
        signal.throwIfAborted();
        const lost = epochLost(partition, error);
        // Fenced before it began: somebody else takes over at this moment, and to go on would fence them in turn.
        if (lost.reason === 'fenced' || performance.now() >= until) throw lost;
        signalled({ type: 'takeover-retried', partition, detail: detailOf(error) });
        await pause(backoffMs(attempt, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
      }
    }
  }

  async #begin(producer: Producer, barrier: ReturnType<typeof encodeAll>[number]): Promise<number> {
    await producer.connect();
    const [epoch] = await transact(producer, this.#options.topic, [barrier]);
    if (epoch === undefined) throw new Error('the broker named no offset for the barrier');
    return epoch;
  }

  #newProducer(partition: number): Producer {
    const { connection, cluster, topic } = this.#options;
    return createKafka(connection, { requestTimeoutMs: REQUEST_MS_MAX, retry: RETRY }).producer({
      transactionalId: `${cluster}.lease-authority.${topic}.${partition}`,
      maxInFlightRequests: 1,
      transactionTimeout: TRANSACTION_MS_MAX,
      allowAutoTopicCreation: false,
      createPartitioner: Partitioners.DefaultPartitioner,
      retry: RETRY,
    });
  }
}
