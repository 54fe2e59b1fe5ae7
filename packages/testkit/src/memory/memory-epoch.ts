import type { Epoch, EpochWriter, NewEvent } from '@profile-warden/events';
import type { MemoryTopic, Sent } from './memory-topic.ts';
import type { Producer } from './memory-partition.ts';
import { request } from './network.ts';
import type { ProcessClock } from './virtual-clock.ts';

const TRANSACTION_MS_MAX = 10_000;
const TAKEOVER_MS_MAX = 30_000;
const RETRY_MS = 50;
const EVENTS_MAX = 1_000;

/** Fenced: another producer has the transactional id, or the coordinator has given this one up. */
export class FencedError extends Error {
  constructor(partition: number) {
    super(`the producer of partition ${partition} is fenced`);
    this.name = 'FencedError';
  }
}

/** Takeovers as the coordinator sees them: a new producer first, then the barrier in a transaction of its own. */
export class MemoryEpochWriter implements EpochWriter {
  readonly #log: MemoryTopic;
  readonly #clock: ProcessClock;

  constructor(log: MemoryTopic, clock: ProcessClock) {
    this.#log = log;
    this.#clock = clock;
  }

  async takeOver(partition: number, barrier: NewEvent, signal: AbortSignal): Promise<Epoch> {
    const log = this.#log;
    const clock = this.#clock;
    const sent = log.encodeAll([barrier]);
    refuseStray(sent, partition);
    const until = clock.now() + TAKEOVER_MS_MAX;
    for (;;) {
      signal.throwIfAborted();
      try {
        const producer = await request(clock, log.network.fate('init'), () =>
          log.partition(partition).newProducer(log.fences),
        );
        const channel = new Channel(log, clock, partition, producer);
        const [epoch] = await channel.transact(sent);
        signal.throwIfAborted();
        return new MemoryEpoch(epoch ?? -1, channel);
      } catch (error) {
        signal.throwIfAborted();
        if (error instanceof FencedError || clock.now() >= until) throw error;
        await clock.sleep(RETRY_MS, signal);
      }
    }
  }
}

const refuseStray = (sent: readonly Sent[], partition: number): void => {
  if (sent.some((one) => one.partition !== partition))
    throw new RangeError(`an event of another partition in the epoch of ${partition}`);
};

/** One producer's transactions on one partition. */
class Channel {
  readonly log: MemoryTopic;
  readonly partition: number;
  readonly #clock: ProcessClock;
  readonly #producer: Producer;

  constructor(log: MemoryTopic, clock: ProcessClock, partition: number, producer: Producer) {
    this.log = log;
    this.partition = partition;
    this.#clock = clock;
    this.#producer = producer;
  }

  async transact(events: readonly Sent[]): Promise<number[]> {
    const { network, fences } = this.log;
    // Where nobody is kept out, what a dead epoch has sent may still take effect as a whole.
    if (!fences)
      return request(this.#clock, network.fate('commit'), () => {
        const offsets = this.#produce(events);
        this.#commit();
        return offsets;
      });
    const offsets = await request(this.#clock, network.fate('produce'), () => this.#produce(events));
    await request(this.#clock, network.fate('commit'), () => this.#commit());
    return offsets;
  }

  #produce(events: readonly Sent[]): number[] {
    const at = this.log.partition(this.partition);
    const producer = this.#producer;
    this.#refuseFenced();
    // A transaction begins only after the marker of the one before it.
    if (producer.transaction !== null) at.finish(producer.transaction, true);
    const transaction = at.begin();
    producer.transaction = transaction;
    this.log.clock.after(TRANSACTION_MS_MAX, () => {
      if (transaction.isCommitted !== null) return;
      producer.isFenced = true;
      at.finish(transaction, false);
    });
    return events.map((event) => at.append(this.log.store(event), transaction));
  }

  #commit(): void {
    const at = this.log.partition(this.partition);
    const { transaction } = this.#producer;
    this.#refuseFenced();
    if (transaction === null) throw new Error('nothing to commit');
    transaction.isCommitted = true;
    const markerMs = this.log.network.markerMs();
    if (markerMs > 0) this.log.clock.after(markerMs, () => at.finish(transaction, true));
    else at.finish(transaction, true);
  }

  #refuseFenced(): void {
    if (this.#producer.isFenced) throw new FencedError(this.partition);
  }
}

/** *Alive*, one transaction at a time → *dead* by the first that fails or by `close`, for ever. */
class MemoryEpoch implements Epoch {
  readonly epoch: number;
  readonly #channel: Channel;
  #turn: Promise<unknown> = Promise.resolve();
  #death: Error | null = null;

  constructor(epoch: number, channel: Channel) {
    this.epoch = epoch;
    this.#channel = channel;
  }

  commit(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (events.length === 0) return Promise.resolve([]);
    const turn = this.#turn.then(() => this.#transact(events));
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    await this.#turn;
    this.#death ??= new Error('closed');
  }

  async #transact(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (this.#death !== null) throw this.#death;
    if (events.length > EVENTS_MAX) throw new RangeError(`${events.length} events in one transaction`);
    const { log, partition } = this.#channel;
    const sent = log.encodeAll(events);
    refuseStray(sent, partition);
    try {
      return await this.#channel.transact(sent);
    } catch (error) {
      this.#death = error instanceof Error ? error : new Error(String(error));
      throw error;
    }
  }
}
