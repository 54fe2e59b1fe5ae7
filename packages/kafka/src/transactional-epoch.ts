import type { Epoch, NewEvent } from '@profile-warden/events';
import type { Producer } from 'kafkajs';
import { safeOffset } from './committed.ts';
import { EpochLostError, epochLost } from './epoch-error.ts';
import { encodeAll, leadingCount, type EncodedEvent, type WriterOptions } from './event-encoder.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';
import { within } from './wait.ts';

export interface EpochParts extends WriterOptions {
  readonly producer: Producer;
  readonly partition: number;
  readonly transactionCountMax: number;
  readonly commitMsMax: number;
  readonly onSignal?: OnSignal;
}

const SEND_MS_MAX = 5_000;
const DISCONNECT_MS_MAX = 1_000;
const QUEUED_COUNT_MAX = 16;

/** One transaction: its sends one after the other, then the commit. Returns the offset of each event. */
export async function transact(
  producer: Producer,
  topic: string,
  events: readonly EncodedEvent[],
): Promise<number[]> {
  const transaction = await producer.transaction();
  const offsets: number[] = [];
  while (offsets.length < events.length) {
    const rest = offsets.length === 0 ? events : events.slice(offsets.length);
    const messages = rest.slice(0, leadingCount(rest, rest.length)).map(({ message }) => message);
    const [result] = await transaction.send({ topic, messages, acks: -1, timeout: SEND_MS_MAX });
    const base = safeOffset(result?.baseOffset ?? 'none');
    for (let index = 0; index < messages.length; index += 1) offsets.push(base + index);
  }
  await transaction.commit();
  return offsets;
}

/**
 * *Alive* → one transaction at a time, more wait in a bounded queue → *dead* by the first failed transaction or by `close`,
 * for ever (an event that cannot be encoded is refused and changes nothing). Nothing is aborted or retried on the way out: after an error the library's transaction is in a state
 * that it cannot leave, what was sent may be in the log, and only the next takeover settles it.
 */
export class TransactionalEpoch implements Epoch {
  readonly epoch: number;
  readonly #parts: EpochParts;
  #death: EpochLostError | undefined;
  #queue: Promise<unknown> = Promise.resolve();
  #queuedCount = 0;

  constructor(epoch: number, parts: EpochParts) {
    this.epoch = epoch;
    this.#parts = parts;
  }

  commit(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (events.length === 0) return Promise.resolve([]);
    this.#queuedCount += 1;
    const turn = this.#queue.then(() => this.#transact(events));
    this.#queue = turn.then(
      () => (this.#queuedCount -= 1),
      () => (this.#queuedCount -= 1),
    );
    return turn;
  }

  async close(): Promise<void> {
    await this.#queue;
    this.#death ??= new EpochLostError('unknown', this.#parts.partition, 'closed');
    await this.#disconnect();
  }

  async #transact(events: readonly NewEvent[]): Promise<readonly number[]> {
    const { producer, topic, commitMsMax, partition } = this.#parts;
    if (this.#death !== undefined) throw this.#death;
    // What cannot be encoded is refused before anything is sent: the epoch lives on without it.
    const encoded = this.#encode(events);
    const work = transact(producer, topic, encoded);
    try {
      return await within(
        work,
        commitMsMax,
        () => new EpochLostError('unknown', partition, `no commit within ${commitMsMax} ms`),
      );
    } catch (error) {
      // Left alone, the library may connect again for a retry of its own: once more when that is over.
      void work.catch(() => undefined).then(() => this.#disconnect());
      throw this.#die(error);
    }
  }

  #encode(events: readonly NewEvent[]): EncodedEvent[] {
    const { partition, transactionCountMax } = this.#parts;
    if (this.#queuedCount > QUEUED_COUNT_MAX)
      throw new RangeError(
        `${this.#queuedCount} commits wait for one another, at most ${QUEUED_COUNT_MAX} may`,
      );
    if (events.length > transactionCountMax)
      throw new RangeError(
        `${events.length} events in one transaction, at most ${transactionCountMax} may be`,
      );
    const encoded = encodeAll(events, this.#parts);
    const stray = encoded.find(({ message }) => message.partition !== partition);
    if (stray !== undefined)
      throw new RangeError(`an event of partition ${stray.message.partition} in the epoch of ${partition}`);
    return encoded;
  }

  #die(error: unknown): EpochLostError {
    const { partition } = this.#parts;
    const lost = epochLost(partition, error);
    this.#death = lost;
    safeSignal(this.#parts.onSignal)({
      type: 'epoch-lost',
      partition,
      epoch: this.epoch,
      reason: lost.reason,
      detail: detailOf(error),
    });
    void this.#disconnect();
    return lost;
  }

  async #disconnect(): Promise<void> {
    await within(this.#parts.producer.disconnect(), DISCONNECT_MS_MAX, () => new Error('slow')).catch(
      () => undefined,
    );
  }
}
