import type { LogRecord, NewEvent, WardenEvent } from '@profile-warden/events';
import type { WorkerClock, WorkerLog } from './ports.ts';

/** Lets everything run that waits for nothing but its turn. */
export const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

/** Both clocks by hand. `advance` fires timers in order; `freeze` moves time past them without letting any fire. */
export class VirtualClock implements WorkerClock {
  #now = 0;
  #wallOffset = 1_700_000_000_000;
  readonly #timers = new Set<{ readonly at: number; readonly fire: () => void }>();

  now(): number {
    return this.#now;
  }

  wallNow(): number {
    return this.#now + this.#wallOffset;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      if (signal?.aborted === true) {
        resolve();
        return;
      }
      const timer = { at: this.#now + ms, fire: resolve };
      this.#timers.add(timer);
      signal?.addEventListener('abort', () => {
        this.#timers.delete(timer);
        resolve();
      });
    });
  }

  async advance(ms: number): Promise<void> {
    const target = this.#now + ms;
    await settle();
    for (;;) {
      const next = [...this.#timers].filter(({ at }) => at <= target).sort((a, b) => a.at - b.at)[0];
      if (next === undefined) break;
      this.#timers.delete(next);
      this.#now = Math.max(this.#now, next.at);
      next.fire();
      await settle();
    }
    this.#now = target;
    await settle();
  }

  /** The process stood still: time has passed and no timer has fired yet. */
  freeze(ms: number): void {
    this.#now += ms;
  }

  /** The host slept: only the wall clock went on. Or somebody set it; both look alike. */
  jumpWall(ms: number): void {
    this.#wallOffset += ms;
  }
}

type AppendFault = 'lost' | 'written-but-unknown' | 'hangs';

/**
 * One topic in memory, as one process sees it, with the faults a worker must bear. Delivers each record in a turn of its
 * own. A `peer` is the same topic as another process sees it.
 */
export class MemoryLog implements WorkerLog {
  readonly partitionCount: number;
  readonly records: LogRecord[];
  /** Append time by the broker. */
  brokerNow = (): number => 0;
  /** Partitions followed, in the order of the calls; unfollowed ones as -1 - partition. */
  readonly follows: number[] = [];
  /** How many events each append call carried. */
  readonly sends: number[] = [];
  closed = false;
  readonly #followed = new Map<number, number>();
  readonly #held: LogRecord[] = [];
  #holding = false;
  #fault: { kind: AppendFault; concerns: (event: WardenEvent) => boolean; left: number } | null = null;
  #listener: (record: LogRecord) => void = () => undefined;
  #failFollow = false;
  readonly #peers: Set<MemoryLog>;

  constructor(partitionCount = 2, origin?: MemoryLog) {
    this.partitionCount = partitionCount;
    this.records = origin?.records ?? [];
    this.#peers = (origin === undefined ? new Set<MemoryLog>() : origin.#peers).add(this);
    if (origin !== undefined) this.brokerNow = origin.brokerNow;
  }

  peer(): MemoryLog {
    return new MemoryLog(this.partitionCount, this);
  }

  partitionOf(profileId: string): number {
    return profileId.length % this.partitionCount;
  }

  onRecord(listener: (record: LogRecord) => void): void {
    this.#listener = listener;
  }

  follow(partition: number): Promise<{ from: number }> {
    if (this.#failFollow) return Promise.reject(new Error('no broker'));
    this.follows.push(partition);
    const from = this.#end(partition);
    this.#followed.set(partition, from);
    return Promise.resolve({ from });
  }

  unfollow(partition: number): void {
    this.follows.push(-1 - partition);
    this.#followed.delete(partition);
  }

  get following(): readonly number[] {
    return [...this.#followed.keys()];
  }

  append(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (this.closed) return Promise.reject(new Error('closed'));
    const fault = this.#fault;
    const hit = fault !== null && fault.left > 0 && events.some(({ event }) => fault.concerns(event));
    if (hit) fault.left -= 1;
    if (hit && fault.kind === 'lost') return Promise.reject(new Error('connection reset'));
    this.sends.push(events.length);
    const offsets = events.map((event) => this.write(event));
    if (!hit) return Promise.resolve(offsets);
    return fault.kind === 'hangs' ? new Promise(() => undefined) : Promise.reject(new Error('timed out'));
  }

  /** What somebody else appends: an authority, a detector, another worker. */
  write({ id, profileId, partition, event }: NewEvent): number {
    const at = partition ?? this.partitionOf(profileId ?? '');
    const offset = this.#end(at);
    const record = { partition: at, offset, brokerMs: this.brokerNow(), profileId, id, event };
    this.records.push(record);
    for (const peer of this.#peers) peer.#arrived(record);
    return offset;
  }

  #arrived(record: LogRecord): void {
    if (this.#holding) this.#held.push(record);
    else queueMicrotask(() => this.#deliver(record));
  }

  fail(kind: AppendFault, concerns: (event: WardenEvent) => boolean = () => true, times = Infinity): void {
    this.#fault = { kind, concerns, left: times };
  }

  heal(): void {
    this.#fault = null;
    this.#failFollow = false;
  }

  failFollow(): void {
    this.#failFollow = true;
  }

  /** Records pile up unread, as behind a partition of the network or an open transaction. */
  hold(): void {
    this.#holding = true;
  }

  letGo(): void {
    this.#holding = false;
    for (const record of this.#held.splice(0)) queueMicrotask(() => this.#deliver(record));
  }

  redeliver(record: LogRecord): void {
    this.#listener(record);
  }

  close(): Promise<void> {
    this.closed = true;
    return Promise.resolve();
  }

  of<K extends WardenEvent['type']>(type: K): Extract<WardenEvent, { type: K }>[] {
    return this.records
      .map(({ event }) => event)
      .filter((event): event is Extract<WardenEvent, { type: K }> => event.type === type);
  }

  #end(partition: number): number {
    return this.records.filter((record) => record.partition === partition).length;
  }

  #deliver(record: LogRecord): void {
    const from = this.#followed.get(record.partition);
    if (from !== undefined && record.offset >= from) this.#listener(record);
  }
}
