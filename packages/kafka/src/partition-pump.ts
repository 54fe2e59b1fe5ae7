import type { LogRecord } from '@profile-warden/events';
import type { CommittedSlice } from './committed.ts';
import type { FeedSink, LogFeed, Subscription, Watermarks } from './log-feed.ts';
import { LogReadError } from './read-error.ts';
import { detailOf } from './signal.ts';
import type { SliceDecoder } from './slice-decoder.ts';
import { within } from './wait.ts';

export interface PumpTarget {
  deliver(records: readonly LogRecord[], nextOffset: number): Promise<void> | void;
  failed(error: LogReadError): void;
}

export interface PumpOptions {
  readonly feed: LogFeed;
  readonly decoder: SliceDecoder;
  readonly partition: number;
  readonly from: number;
  readonly target: PumpTarget;
  /** Ms a delivery may take before the reader counts as stuck. */
  readonly deliveryMsMax: number;
}

/**
 * Slices of one partition, decoded and delivered one at a time.
 *
 * *Idle* until the feed has a slice, *delivering* until none is left, *ended* by `end` or the first failure. Once
 * ended nothing is delivered any more, though a delivery already under way runs out: `settled` waits for that.
 */
export class PartitionPump implements FeedSink {
  readonly #options: PumpOptions;
  readonly #ended = new AbortController();
  readonly #slices: CommittedSlice[] = [];
  readonly #subscription: Subscription;
  #delivering: Promise<void> | undefined;

  constructor(options: PumpOptions) {
    this.#options = options;
    this.#subscription = options.feed.subscribe(options.partition, options.from, this);
  }

  take(slice: CommittedSlice): void {
    if (this.#ended.signal.aborted) return;
    this.#slices.push(slice);
    this.#delivering ??= this.#deliverAll().finally(() => {
      this.#delivering = undefined;
    });
  }

  failed(error: LogReadError): void {
    if (this.#ended.signal.aborted) return;
    this.end();
    this.#options.target.failed(error);
  }

  end(): void {
    this.#ended.abort();
    this.#subscription.close();
    this.#slices.length = 0;
  }

  get marks(): Watermarks | undefined {
    return this.#subscription.marks;
  }

  get answerCount(): number {
    return this.#subscription.answerCount;
  }

  async settled(): Promise<void> {
    await this.#delivering;
  }

  async #deliverAll(): Promise<void> {
    try {
      for (let slice = this.#slices.shift(); slice !== undefined; slice = this.#slices.shift()) {
        await this.#deliver(slice);
        this.#subscription.consumed();
      }
    } catch (cause) {
      const error =
        cause instanceof LogReadError
          ? cause
          : new LogReadError('listener-failed', detailOf(cause), { cause });
      // A stuck listener counts although we have ended: the next calls for the partition would overlap with it.
      if (error.code === 'listener-stalled') this.#options.target.failed(error);
      else this.failed(error);
      this.end();
    }
  }

  async #deliver(slice: CommittedSlice): Promise<void> {
    const { decoder, partition, target, deliveryMsMax } = this.#options;
    const { signal } = this.#ended;
    const records = await decoder.decode(partition, slice, signal);
    if (signal.aborted) return;
    const delivery = target.deliver(records, slice.nextOffset);
    if (!(delivery instanceof Promise)) return;
    await within(
      delivery,
      deliveryMsMax,
      () => new LogReadError('listener-stalled', `partition ${partition}: no end after ${deliveryMsMax} ms`),
    );
  }
}
