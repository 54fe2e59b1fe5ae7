import { emptyPartition, type PartitionState } from '@profile-warden/domain';
import type { Clock, LogRange, LogRecord } from '@profile-warden/events';
import {
  PartitionProjection,
  type Changes,
  type ReadModelStore,
  type StoredPosition,
} from '@profile-warden/projection';
import { LogLossError, type Opener } from '@profile-warden/service';
import type { OnProjectorSignal } from '../signals.ts';
import { SecondFold, type ReadLog } from './second-fold.ts';
import { tracked } from './tracked-state.ts';

export interface FollowedPartitionOptions {
  /** As it is folded by the one who serves. */
  readonly state: PartitionState;
  /** Of the log, when the partition was opened. */
  readonly range: LogRange;
  /** Where the read model stood when the partition was opened; null where it could not be asked. */
  readonly stored: StoredPosition | null;
  readonly store: ReadModelStore;
  readonly readLog: ReadLog;
  /** Gives the state that a second fold begins with, as at a start. */
  readonly opener: Opener;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnProjectorSignal;
  /** Told when nothing more can be written, however often it is tried. */
  readonly onFailed: (error: Error) => void;
}

/** So near to the fold that serves, in offsets, the rest is read while the next records are gathered already. */
const NEAR = 1_000;
const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/**
 * One partition of the read model, behind the fold that serves.
 *
 * *following*: what is folded is written, some hundred ms later → *outrun* when too much waits for that, or from the
 * beginning where the read model cannot be asked: what is folded is not kept any more → *reading again* once it answers:
 * a second fold goes on from where the read model stands, through the log → *following* where the second fold meets the
 * first. *Over* when the signal aborts, or on an error that no waiting cures. Memory holds one piece of the log and a
 * second state at most, however long the read model was away.
 */
export class FollowedPartition {
  readonly #options: FollowedPartitionOptions;
  #projection: PartitionProjection | null = null;

  constructor(options: FollowedPartitionOptions) {
    this.#options = options;
    const { stored, state, onSignal } = options;
    if (stored !== null) {
      this.#projection = this.#follow(stored);
      return;
    }
    onSignal({ type: 'outrun', partition: state.partition, nextOffset: 0 });
    void this.#readAgain();
  }

  /** Takes note of a batch that was folded. Resolves within about 2 s, whatever the read model does. */
  async take(records: readonly LogRecord[], changes: Changes): Promise<void> {
    await this.#projection?.take(records, changes);
  }

  #follow(stored: StoredPosition, begun?: Promise<string | null>): PartitionProjection {
    return new PartitionProjection({
      ...this.#options,
      stored,
      onOutrun: () => void this.#readAgain(),
      ...(begun === undefined ? {} : { begun }),
    });
  }

  async #readAgain(): Promise<void> {
    const { clock, onFailed, onSignal, signal, state } = this.#options;
    this.#projection = null;
    const startedAt = clock.now();
    try {
      const second = await this.#insist(() => this.#second());
      while (state.nextOffset - second.nextOffset > NEAR) await this.#advance(second, state.nextOffset);
      const projection = await this.#meet(second);
      // Outrun once more by then, it has it read again by itself.
      if (projection.isOutrun) return;
      const { nextOffset } = second;
      onSignal({
        type: 'read-again',
        partition: state.partition,
        nextOffset,
        tookMs: clock.now() - startedAt,
      });
    } catch (error) {
      if (!signal.aborted) onFailed(error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** From here on what is folded is gathered again, and written once the second fold has come to this very offset. */
  async #meet(second: SecondFold): Promise<PartitionProjection> {
    const { nextOffset } = this.#options.state;
    const { stored } = second;
    const here = { nextOffset, hash: null, firstRecordId: null, lastRecord: null };
    const begun = Promise.withResolvers<string | null>();
    // Nobody asks for it where nothing is folded until it rejects.
    begun.promise.catch(() => undefined);
    const projection = this.#follow(nextOffset > stored.nextOffset ? here : stored, begun.promise);
    this.#projection = projection;
    try {
      while (second.nextOffset < nextOffset) await this.#advance(second, nextOffset);
      begun.resolve((await second.written()).hash);
    } catch (error) {
      begun.reject(error);
      throw error;
    }
    return projection;
  }

  async #advance(second: SecondFold, to: number): Promise<void> {
    const { readLog, signal } = this.#options;
    await second.step(to, (...range) => this.#insist(() => readLog(...range)), signal);
  }

  async #second(): Promise<SecondFold> {
    const { opener, range, signal, state, store } = this.#options;
    const { partition } = state;
    const stored = await store.load(partition);
    assertCovers(partition, Math.max(range.end, state.nextOffset), stored);
    const opening = await opener(partition, range, emptyPartition(partition), signal);
    await opening.payer.close();
    return new SecondFold(tracked(opening.state), { ...this.#options, stored });
  }

  /** Tries until it works: the database may be away, the brokers too, and the fold that serves goes on meanwhile. */
  async #insist<T>(work: () => Promise<T>): Promise<T> {
    const { clock, onSignal, signal, state } = this.#options;
    for (let waitMs = RETRY_FIRST_MS; ; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
      signal.throwIfAborted();
      try {
        return await work();
      } catch (error) {
        signal.throwIfAborted();
        if (isFinal(error)) throw error;
        onSignal({ type: 'read-again-failed', partition: state.partition, error });
        await clock.sleep(waitMs, signal);
      }
    }
  }
}

/** A log whose beginning is gone is of use as soon as the snapshot can be read again. */
const isFinal = (error: unknown): boolean => error instanceof LogLossError && error.code !== 'log-start-gone';

/** @throws LogLossError where the read model was built from more than the log has. */
export const assertCovers = (partition: number, end: number, { nextOffset }: StoredPosition): void => {
  if (end < nextOffset)
    throw new LogLossError(
      'records-lost',
      `partition ${partition}: the log ends at offset ${end}, the read model stands at ${nextOffset}. ` +
        'The log has lost records or is another one.',
    );
};
