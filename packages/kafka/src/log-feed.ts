import type { LogRange } from '@profile-warden/events';
import { committedSlice, type CommittedSlice } from './committed.ts';
import type { FeedCluster } from './feed-cluster.ts';
import {
  FeedConnection,
  RETRY_FIRST_MS,
  RETRY_MAX_MS,
  type FeedConnectionOptions,
} from './feed-connection.ts';
import { fetchErrorKind } from './fetch-error.ts';
import type { FetchedPartition } from './fetch-response.ts';
import { LeaderWatch } from './leader-watch.ts';
import { LogReadError } from './read-error.ts';
import { safeSignal } from './signal.ts';
import { backoffMs, pause, unlessAborted } from './wait.ts';

export interface FeedOptions extends FeedConnectionOptions {
  /** Ms a fetch without data stays open, and so the longest time until a new partition is read. Default 500. */
  readonly maxWaitMs?: number;
  /** Bytes asked for per partition and fetch. Default 512 KiB. */
  readonly partitionBytesMax?: number;
}

export interface FeedSink {
  /** Called in log order, one call at a time; `Subscription.consumed` must follow each. */
  take(slice: CommittedSlice): void;
  /** Nothing more comes for this partition. */
  failed(error: LogReadError): void;
}

export interface Watermarks {
  /** First offset that was not fetched yet. */
  readonly position: number;
  /** First offset that is hidden by a transaction not ended yet. */
  readonly stable: number;
  /** Offset the next record gets. */
  readonly high: number;
}

export interface Subscription {
  readonly partition: number;
  /** As of the last answer of the broker. `stable` that stands still below `high`: a transaction is open. */
  readonly marks: Watermarks | undefined;
  /** Answers of brokers about the partition. */
  readonly answerCount: number;
  /** One slice was worked off. */
  consumed(): void;
  close(): void;
}

/** Each is what one fetch has brought, as bytes; only the one that is being delivered takes about ten times that. */
const SLICES_AHEAD_MAX = 3;
/** Any record ends the wait; a partition that is new here waits for it in the worst case, on a hand-over too. */
const FETCH_WAIT_MS = 500;
/** While a partition is held back, its node is asked in short waits, so that it gets its turn soon. */
const HELD_BACK_WAIT_MS = 10;

class Feeding implements Subscription {
  readonly partition: number;
  readonly sink: FeedSink;
  readonly #wake: () => void;
  position: number;
  ahead = 0;
  open = true;
  marks: Watermarks | undefined;
  answerCount = 0;

  constructor(partition: number, from: number, sink: FeedSink, wake: () => void) {
    this.partition = partition;
    this.position = from;
    this.sink = sink;
    this.#wake = wake;
  }

  consumed(): void {
    this.ahead -= 1;
    this.#wake();
  }

  close(): void {
    this.open = false;
  }
}

/**
 * Reads partitions at offsets that its users choose: no group, no commits, no default position to fall back to.
 *
 * A partition is *ready* while it is open and fewer than `SLICES_AHEAD_MAX` slices are ahead of its reader, else
 * *held back*. One loop per leading broker asks for the ready partitions of that broker; it ends when there is none
 * and is started again by whatever makes one ready. A broker outage ends no subscription, since the connection is built anew until
 * `stop`. A position outside of the log ends one, with `failed`. Where a partition has no leader, it is looked for one
 * until there is, and the others are read meanwhile.
 */
export class LogFeed {
  readonly #options: FeedOptions;
  readonly #connection: FeedConnection;
  readonly #feeding = new Set<Feeding>();
  readonly #loops = new Set<number>();
  readonly #leaders: LeaderWatch;
  #failures = 0;
  #looks = 0;
  #retrying = false;

  constructor(options: FeedOptions) {
    this.#options = options;
    this.#leaders = new LeaderWatch(safeSignal(options.onSignal));
    this.#connection = new FeedConnection(options);
  }

  /** Start and end of the partition; tries until it has them or a signal aborts. */
  async range(partition: number, signal?: AbortSignal): Promise<LogRange> {
    for (let attempt = 0; ; attempt += 1) {
      const cluster = await unlessAborted(this.#connection.connected(), signal);
      const isLed = cluster.leaderOf(partition) !== undefined;
      this.#leaders.seen(partition, isLed);
      try {
        return await cluster.range(partition);
      } catch (error) {
        if (isLed) this.#connection.report(error);
        await pause(backoffMs(attempt, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
        // The other partitions are read by the same connections.
        if (!isLed && (await cluster.refresh().then(...yesOrNo))) continue;
        this.#connection.drop(cluster);
      }
    }
  }

  /** Whether a broker leads the partition, as they have told last; also where nobody has asked yet. */
  isLed(partition: number): boolean {
    return this.#leaders.isLed(partition);
  }

  subscribe(partition: number, from: number, sink: FeedSink): Subscription {
    const feeding = new Feeding(partition, from, sink, () => this.#wake());
    this.#feeding.add(feeding);
    this.#wake();
    return feeding;
  }

  async stop(): Promise<void> {
    this.#feeding.clear();
    await this.#connection.stop();
  }

  #wake(): void {
    if (this.#connection.stopped.aborted) return;
    for (const feeding of this.#feeding) {
      if (feeding.open) continue;
      this.#feeding.delete(feeding);
      this.#leaders.forget(feeding.partition);
    }
    if (this.#feeding.size === 0) return;
    const cluster = this.#connection.cluster;
    if (cluster === undefined) {
      this.#connection.connected().then(
        () => this.#wake(),
        (error: unknown) => {
          if (error instanceof LogReadError) this.#failWhere(() => true, error.code, error.message);
        },
      );
      return;
    }
    let isLeaderless = false;
    for (const feeding of this.#feeding) {
      const nodeId = cluster.leaderOf(feeding.partition);
      this.#leaders.seen(feeding.partition, nodeId !== undefined);
      if (nodeId === undefined) isLeaderless = true;
      else if (!this.#loops.has(nodeId) && feeding.ahead < SLICES_AHEAD_MAX) void this.#loop(cluster, nodeId);
    }
    if (isLeaderless) this.#lookLater(cluster);
    else this.#looks = 0;
  }

  async #loop(cluster: FeedCluster, nodeId: number): Promise<void> {
    this.#loops.add(nodeId);
    try {
      while (cluster === this.#connection.cluster && !this.#connection.stopped.aborted) {
        const ours = [...this.#feeding].filter(
          (one) => one.open && cluster.leaderOf(one.partition) === nodeId,
        );
        const ready = ours.filter((one) => one.ahead < SLICES_AHEAD_MAX);
        if (ready.length === 0) return;
        const longest = this.#options.maxWaitMs ?? FETCH_WAIT_MS;
        const fetched = await cluster.fetch(
          nodeId,
          ready.map(({ partition, position }) => ({ partition, offset: position })),
          {
            maxWaitMs: ready.length === ours.length ? longest : Math.min(longest, HELD_BACK_WAIT_MS),
            partitionBytesMax: this.#options.partitionBytesMax ?? 512 * 1024,
          },
        );
        this.#failures = 0;
        for (const data of fetched) this.#hand(data, ready);
      }
    } catch (error) {
      await this.#recover(cluster, error);
    } finally {
      this.#loops.delete(nodeId);
      if (cluster !== this.#connection.cluster || this.#anyReady()) this.#wake();
    }
  }

  #hand(data: FetchedPartition, asked: readonly Feeding[]): void {
    const feeding = asked.find((one) => one.partition === data.partition && one.open);
    if (feeding === undefined) return;
    feeding.answerCount += 1;
    const slice = committedSlice(data, feeding.position);
    feeding.marks = {
      position: slice.nextOffset,
      stable: data.lastStableOffset,
      high: data.highWatermark,
    };
    if (slice.nextOffset === feeding.position) return;
    feeding.position = slice.nextOffset;
    feeding.ahead += 1;
    feeding.sink.take(slice);
  }

  async #recover(cluster: FeedCluster, error: unknown): Promise<void> {
    if (this.#connection.stopped.aborted || cluster !== this.#connection.cluster) return;
    const kind = fetchErrorKind(error);
    if (kind.type === 'out-of-range') {
      this.#failWhere((one) => one.partition === kind.partition, 'offset-out-of-range', kind.detail);
      return;
    }
    if (kind.type === 'hopeless') {
      this.#failWhere(() => true, kind.code, kind.detail);
      return;
    }
    this.#connection.report(error);
    await pause(backoffMs(this.#failures, RETRY_FIRST_MS, RETRY_MAX_MS), this.#connection.stopped);
    this.#failures += 1;
    if (kind.type === 'stale-metadata' && (await cluster.refresh().then(...yesOrNo))) return;
    this.#connection.drop(cluster);
  }

  #failWhere(isMeant: (feeding: Feeding) => boolean, code: LogReadError['code'], detail: string): void {
    for (const feeding of this.#feeding) {
      if (!isMeant(feeding)) continue;
      feeding.close();
      this.#feeding.delete(feeding);
      const where = `partition ${feeding.partition} at offset ${feeding.position}`;
      feeding.sink.failed(new LogReadError(code, `${where}: ${detail}`));
    }
  }

  #anyReady(): boolean {
    for (const one of this.#feeding) if (one.open && one.ahead < SLICES_AHEAD_MAX) return true;
    return false;
  }

  #lookLater(cluster: FeedCluster): void {
    if (this.#retrying) return;
    this.#retrying = true;
    this.#looks += 1;
    void pause(backoffMs(this.#looks, RETRY_FIRST_MS, RETRY_MAX_MS), this.#connection.stopped)
      .then(() => cluster.refresh())
      .catch(() => this.#connection.drop(cluster))
      .finally(() => {
        this.#retrying = false;
        this.#wake();
      });
  }
}

const yesOrNo = [() => true, () => false] as const;
