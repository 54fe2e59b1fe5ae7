import type { LogListener, LogReader, LogRecord } from '@profile-warden/events';
import type { KafkaConnection } from './connection.ts';
import { LogFeed, type Watermarks } from './log-feed.ts';
import { GroupMembership } from './membership.ts';
import { PartitionPump } from './partition-pump.ts';
import { LogReadError } from './read-error.ts';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';
import { SliceDecoder } from './slice-decoder.ts';
import type { WriterSchemas } from './writer-schemas.ts';

export interface LogReaderOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemas: WriterSchemas;
  /** Partitions shared out within a group of this name, or exactly these without any group. */
  readonly assignment: { readonly groupId: string } | { readonly partitions: readonly number[] };
  /** Ms without a heartbeat after which the group gives the partitions away. Default 10,000; 6,000 or more. */
  readonly sessionMs?: number;
  /** Ms a fetch without data stays open. Default 500; data ends it at once. */
  readonly maxWaitMs?: number;
  /** Bytes asked for per partition and fetch. Default 512 KiB. */
  readonly partitionBytesMax?: number;
  /** Ms one call of the listener may take before the reader fails. Default 60,000. */
  readonly listenerMsMax?: number;
  readonly onSignal?: OnSignal;
}

export interface PartitionRead {
  /** Whether a broker leads it, as they have told last. */
  readonly isLed: boolean;
  /** Answers of brokers about it since it is ours. One comes at least every `maxWaitMs`, unless too much is ahead. */
  readonly answerCount: number;
  /** First offset that was not fetched yet; null before the first answer. */
  readonly position: number | null;
}

interface Ownership {
  readonly controller: AbortController;
  pump?: PartitionPump;
}

/**
 * Reads the committed records of the partitions that are ours.
 *
 * Per partition: *foreign* → `assigned` is called and we are *restoring*, nothing is read → *reading* from the
 * offset that it named → *foreign* again by `revoked`, from either. A partition that comes back waits until the
 * calls of its former ownership have returned, so calls for one partition never overlap. Of the reader: *new* →
 * `start` → *running* → `stop` or a failure → *over*; every partition is revoked on the way out.
 */
export class KafkaLogReader implements LogReader {
  readonly failed: Promise<never>;
  readonly #options: LogReaderOptions;
  readonly #signal: OnSignal;
  readonly #feed: LogFeed;
  readonly #decoder: SliceDecoder;
  readonly #sessionMs: number;
  readonly #owned = new Map<number, Ownership>();
  /** What must have ended before the next ownership of the partition begins. */
  readonly #former = new Map<number, Promise<void>>();
  #listener: LogListener | undefined;
  #membership: GroupMembership | undefined;
  #isOver = false;
  #reject: (error: LogReadError) => void = () => undefined;

  constructor(options: LogReaderOptions) {
    this.#options = options;
    this.#sessionMs = options.sessionMs ?? 10_000;
    this.#signal = safeSignal(options.onSignal);
    this.#feed = new LogFeed(options);
    this.#decoder = new SliceDecoder(options.schemas);
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => undefined);
  }

  async start(listener: LogListener): Promise<void> {
    if (this.#listener !== undefined) throw new Error('a reader starts once');
    this.#listener = listener;
    const { assignment, connection, topic } = this.#options;
    if ('partitions' in assignment) {
      this.#assign(assignment.partitions);
      return;
    }
    this.#membership = new GroupMembership({
      connection,
      topic,
      groupId: assignment.groupId,
      sessionMs: this.#sessionMs,
      owned: () => [...this.#owned.keys()],
      onAssignment: (partitions) => this.#assign(partitions),
      onLost: (error) => this.#fail(error),
    });
    await this.#membership.start();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#revokeAll();
    // Nothing that still runs may act any more, so nobody has to wait for its end.
    await Promise.all([this.#membership?.stop(), this.#feed.stop(), ...this.#former.values()]);
  }

  /**
   * Whether the partition is still ours after a heartbeat that the group answered from now on. To be asked before
   * a second takeover: whoever takes over again without it may fence the rightful owner.
   */
  async confirmOwned(partition: number): Promise<boolean> {
    const ownership = this.#owned.get(partition);
    if (ownership === undefined) return false;
    if (this.#membership !== undefined)
      await Promise.race([this.#membership.confirmed(), aborted(ownership.controller.signal)]);
    return this.#owned.get(partition) === ownership;
  }

  mayAct(partition: number): boolean {
    if (!this.#owned.has(partition)) return false;
    return this.#membership === undefined || this.#membership.confirmedAgoMs < this.#sessionMs;
  }

  /** Partitions that are ours, those included that are still being opened. */
  get ownedCount(): number {
    return this.#owned.size;
  }

  /** Ms since the group confirmed us last; null without a group, before the first assignment and once it is over. */
  get confirmedAgoMs(): number | null {
    if (this.#isOver) return null;
    const agoMs = this.#membership?.confirmedAgoMs ?? Infinity;
    return agoMs === Infinity ? null : agoMs;
  }

  /** For lag and for open transactions that hide records; of the partitions that are read at the moment. */
  watermarks(): ReadonlyMap<number, Watermarks> {
    const all = new Map<number, Watermarks>();
    for (const [partition, { pump }] of this.#owned)
      if (pump?.marks !== undefined) all.set(partition, pump.marks);
    return all;
  }

  /** How the partitions that are ours are read, those included that are still being opened. */
  reads(): ReadonlyMap<number, PartitionRead> {
    return new Map(
      [...this.#owned].map(([partition, { pump }]) => [
        partition,
        {
          isLed: this.#feed.isLed(partition),
          answerCount: pump?.answerCount ?? 0,
          position: pump?.marks?.position ?? null,
        },
      ]),
    );
  }

  #assign(partitions: readonly number[]): void {
    if (this.#isOver) return;
    const wanted = new Set(partitions);
    this.#signal({ type: 'group-joined', partitions: [...wanted] });
    for (const partition of [...this.#owned.keys()]) if (!wanted.has(partition)) this.#revoke(partition);
    for (const partition of wanted) {
      if (this.#owned.has(partition)) continue;
      const ownership: Ownership = { controller: new AbortController() };
      this.#owned.set(partition, ownership);
      const former = this.#former.get(partition) ?? Promise.resolve();
      this.#former.set(
        partition,
        former.then(() => this.#restore(partition, ownership)),
      );
    }
  }

  async #restore(partition: number, ownership: Ownership): Promise<void> {
    const { signal } = ownership.controller;
    const isLost = (): boolean => this.#owned.get(partition) !== ownership;
    if (isLost() || this.#listener === undefined) return;
    try {
      const range = await this.#feed.range(partition, signal);
      // Lost while the broker was asked: then nobody is to hear of it any more.
      if (isLost()) return;
      const { from } = await this.#listener.assigned(partition, range, signal);
      if (isLost()) return;
      if (!Number.isSafeInteger(from) || from < range.start)
        throw new LogReadError(
          'log-start-beyond-position',
          `partition ${partition} is to be read from ${from}, its log begins at ${range.start}`,
        );
      ownership.pump = new PartitionPump({
        feed: this.#feed,
        decoder: this.#decoder,
        partition,
        from,
        deliveryMsMax: this.#options.listenerMsMax ?? 60_000,
        target: {
          deliver: (records, nextOffset) => this.#deliver(partition, records, nextOffset),
          failed: (error) => this.#fail(error),
        },
      });
      this.#signal({ type: 'assigned', partition, from });
    } catch (error) {
      if (isLost()) return;
      this.#fail(
        error instanceof LogReadError
          ? error
          : new LogReadError('listener-failed', detailOf(error), { cause: error }),
      );
    }
  }

  #deliver(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> | undefined {
    return this.#listener?.records(partition, records, nextOffset);
  }

  #revoke(partition: number): void {
    const ownership = this.#owned.get(partition);
    if (ownership === undefined) return;
    this.#owned.delete(partition);
    ownership.controller.abort();
    const { pump } = ownership;
    pump?.end();
    const former = this.#former.get(partition) ?? Promise.resolve();
    this.#former.set(
      partition,
      former.then(() => ownership.pump?.settled()),
    );
    try {
      this.#listener?.revoked(partition);
    } catch (error) {
      this.#fail(new LogReadError('listener-failed', detailOf(error), { cause: error }));
    }
    this.#signal({ type: 'revoked', partition });
  }

  #revokeAll(): void {
    for (const partition of [...this.#owned.keys()]) this.#revoke(partition);
  }

  #fail(error: LogReadError): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reject(error);
    this.#revokeAll();
    void this.#feed.stop();
  }
}

const aborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
