import type { LogRecord } from '@profile-warden/events';
import { epochKnownBy } from './lease-view.ts';
import type { WorkerLog } from './ports.ts';

/** Hears the records of its profile, and those that make a new epoch of its partition known. */
export interface TailListener {
  readonly partition: number;
  readonly profileId: string;
  record(record: LogRecord): void;
}

interface Tail {
  /** By profile. The lists are never changed, only replaced: a listener may leave while it is told. */
  readonly listeners: Map<string, readonly TailListener[]>;
  readonly ready: Promise<unknown>;
  following: boolean;
  /** Offset of the last record handed on, so that a reader that steps back is not heard twice. */
  lastOffset: number;
}

/**
 * One consumer for a whole process: follows exactly the partitions in which somebody listens.
 *
 * A partition is unfollowed → (first listener) opening → followed → (last listener gone) unfollowed. Listeners that
 * come and go while it opens share the one attempt; a failed attempt is forgotten, so that the next listener tries
 * again.
 */
export class PartitionTails {
  readonly #log: WorkerLog;
  readonly #tails = new Map<number, Tail>();
  /** Highest epoch known per partition. Epochs only grow, so they are kept beyond a tail; one entry a partition. */
  readonly #epochs = new Map<number, number>();

  constructor(log: WorkerLog) {
    this.#log = log;
    log.onRecord((record) => this.#deliver(record));
  }

  /** -1 where no epoch is known yet. */
  epochOf(partition: number): number {
    return this.#epochs.get(partition) ?? -1;
  }

  /** Resolves once every record appended from now on will be heard. */
  async add(listener: TailListener): Promise<void> {
    const { partition, profileId } = listener;
    const tail = this.#tails.get(partition) ?? this.#open(partition);
    tail.listeners.set(profileId, [...(tail.listeners.get(profileId) ?? []), listener]);
    await tail.ready;
  }

  remove(listener: TailListener): void {
    const { partition, profileId } = listener;
    const tail = this.#tails.get(partition);
    const listeners = tail?.listeners.get(profileId);
    if (tail === undefined || listeners?.includes(listener) !== true) return;
    const left = listeners.filter((one) => one !== listener);
    if (left.length === 0) tail.listeners.delete(profileId);
    else tail.listeners.set(profileId, left);
    if (tail.following) this.#closeIfUnused(partition, tail);
  }

  #open(partition: number): Tail {
    const ready = this.#log.follow(partition);
    const tail: Tail = { listeners: new Map(), ready, following: false, lastOffset: -1 };
    this.#tails.set(partition, tail);
    ready.then(
      () => {
        tail.following = true;
        this.#closeIfUnused(partition, tail);
      },
      () => this.#tails.delete(partition),
    );
    return tail;
  }

  #closeIfUnused(partition: number, tail: Tail): void {
    if (tail.listeners.size > 0) return;
    this.#tails.delete(partition);
    this.#log.unfollow(partition);
  }

  #deliver(record: LogRecord): void {
    const tail = this.#tails.get(record.partition);
    if (tail === undefined || record.offset <= tail.lastOffset) return;
    tail.lastOffset = record.offset;
    if (record.profileId !== null) {
      tell(tail.listeners.get(record.profileId), record);
      return;
    }
    const epoch = epochKnownBy(record);
    // Every tick names the epoch; a thousand leases need not hear of it each second.
    if (epoch === null || epoch <= this.epochOf(record.partition)) return;
    this.#epochs.set(record.partition, epoch);
    for (const listeners of tail.listeners.values()) tell(listeners, record);
  }
}

function tell(listeners: readonly TailListener[] | undefined, record: LogRecord): void {
  for (const listener of listeners ?? []) listener.record(record);
}
