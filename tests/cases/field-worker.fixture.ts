import type { LogRecord, NewEvent } from '@profile-warden/events';
import type {
  MemoryAppender,
  MemoryLog,
  MemoryLogReader,
  ProcessClock,
} from '@profile-warden/testkit/memory';
import type { WorkerClock, WorkerLog } from '@profile-warden/worker';

/** The topic in memory as the SDK of a worker uses it, over one connection. */
export class FieldWorkerLog implements WorkerLog {
  readonly partitionCount: number;
  readonly #log: MemoryLog;
  readonly #appender: MemoryAppender;
  readonly #reader: MemoryLogReader;
  readonly #opened = new Map<number, (range: { from: number }) => void>();
  readonly #followed = new Set<number>();
  #listener: (record: LogRecord) => void = () => undefined;
  /** Every send is answered with an error, and nothing of it lands. */
  isRefusing = false;

  constructor(log: MemoryLog, line: ProcessClock) {
    this.#log = log;
    this.partitionCount = log.partitionCount;
    this.#appender = log.appender(line);
    this.#reader = log.reader(line, { partitions: [] });
    void this.#reader.start({
      assigned: (partition, { end }) => {
        this.#opened.get(partition)?.({ from: end });
        return Promise.resolve({ from: end });
      },
      revoked: () => undefined,
      records: (_partition, records) => {
        for (const record of records) this.#listener(record);
        return Promise.resolve();
      },
    });
  }

  partitionOf(profileId: string): number {
    return this.#log.partitionOf(profileId);
  }

  append(events: readonly NewEvent[]): Promise<readonly number[]> {
    return this.isRefusing ? Promise.reject(new Error('no broker')) : this.#appender.append(events);
  }

  follow(partition: number): Promise<{ from: number }> {
    return new Promise((resolve) => {
      this.#opened.set(partition, resolve);
      this.#followed.add(partition);
      this.#reader.assign([...this.#followed]);
    });
  }

  unfollow(partition: number): void {
    this.#followed.delete(partition);
    this.#reader.assign([...this.#followed]);
  }

  onRecord(listener: (record: LogRecord) => void): void {
    this.#listener = listener;
  }

  async close(): Promise<void> {
    await this.#reader.stop();
    await this.#appender.close();
  }
}

/** The two clocks of a worker's host. */
export class FieldClock implements WorkerClock {
  readonly #process: ProcessClock;
  #sleptMs = 0;

  constructor(process: ProcessClock) {
    this.#process = process;
  }

  /** Monotonic: it stands still while the host sleeps. */
  now(): number {
    return this.#process.now() - this.#sleptMs;
  }

  wallNow(): number {
    return this.#process.wallNow();
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#process.sleep(ms, signal);
  }

  /** The calendar is set to another time. */
  jumpWall(ms: number): void {
    this.#process.wallSkewMs += ms;
  }

  /** So much of the time that passes is slept through: only the calendar goes on. */
  sleepThrough(ms: number): void {
    this.#sleptMs += ms;
  }
}
