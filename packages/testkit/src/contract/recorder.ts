import type { LogListener, LogRange, LogReader, LogRecord } from '@profile-warden/events';
import { eventually, type LogUnderTest } from './log-under-test.ts';

/** Holds calls up until it is opened. */
export const gate = (): { readonly passed: Promise<void>; readonly open: () => void } => {
  let open = (): void => undefined;
  const passed = new Promise<void>((resolve) => (open = resolve));
  return { passed, open: () => open() };
};

interface Ownership {
  position: number;
  readonly signal: AbortSignal;
}

/** Remembers what it is told, holds up what it is told to, and notes every call that the port forbids. */
export class Recorder implements LogListener {
  /** Every call as a word and its partition, in order. */
  readonly told: string[] = [];
  /** Calls that came at a wrong time or with contents that cannot be. */
  readonly wrong: string[] = [];
  readonly ranges = new Map<number, LogRange>();
  readonly signals = new Map<number, AbortSignal>();
  readonly #seen = new Map<number, LogRecord[]>();
  readonly #positions = new Map<number, number[]>();
  readonly #owned = new Map<number, Ownership>();
  readonly #busy = new Set<number>();
  from = (_partition: number): number => 0;
  /** What a call waits for before it goes on. */
  opening: (partition: number) => Promise<void> = () => Promise.resolve();
  folding: (partition: number) => Promise<void> = () => Promise.resolve();
  revoking: () => void = () => undefined;

  get owned(): number[] {
    return [...this.#owned.keys()].sort((a, b) => a - b);
  }

  get count(): number {
    return [...this.#seen.values()].reduce((sum, records) => sum + records.length, 0);
  }

  seen(partition = 0): readonly LogRecord[] {
    return this.#seen.get(partition) ?? [];
  }

  /** What `records` was called with, call by call. */
  positions(partition = 0): readonly number[] {
    return this.#positions.get(partition) ?? [];
  }

  position(partition = 0): number {
    return this.#owned.get(partition)?.position ?? -1;
  }

  async assigned(partition: number, range: LogRange, signal: AbortSignal): Promise<{ from: number }> {
    this.told.push(`assigned ${partition}`);
    this.ranges.set(partition, range);
    this.signals.set(partition, signal);
    if (this.#owned.has(partition)) this.wrong.push(`assigned ${partition} twice`);
    if (signal.aborted) this.wrong.push(`assigned ${partition} when it was lost already`);
    await this.#alone(partition, 'assigned', () => this.opening(partition));
    const from = this.from(partition);
    if (!signal.aborted) this.#owned.set(partition, { position: from, signal });
    return { from };
  }

  revoked(partition: number): void {
    this.told.push(`revoked ${partition}`);
    // What was lost before it was told of may be taken back without a word of its coming.
    if (this.signals.get(partition)?.aborted === false) this.wrong.push(`revoked ${partition}, no signal`);
    this.#owned.delete(partition);
    this.revoking();
  }

  async records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void> {
    this.told.push(`records ${partition}`);
    this.#check(partition, records, nextOffset);
    this.#seen.set(partition, [...this.seen(partition), ...records]);
    this.#positions.set(partition, [...this.positions(partition), nextOffset]);
    const ownership = this.#owned.get(partition);
    await this.#alone(partition, 'records', () => this.folding(partition));
    if (ownership !== undefined) ownership.position = nextOffset;
  }

  #check(partition: number, records: readonly LogRecord[], nextOffset: number): void {
    const ownership = this.#owned.get(partition);
    if (ownership === undefined) {
      this.wrong.push(`records ${partition} while not owned`);
      return;
    }
    let least = ownership.position;
    if (nextOffset <= least) this.wrong.push(`${partition}: from ${least} to ${nextOffset} is no progress`);
    for (const record of records) {
      if (record.partition !== partition || record.offset < least || record.offset >= nextOffset)
        this.wrong.push(`${partition}: ${record.partition}@${record.offset} in ${least} to ${nextOffset}`);
      least = record.offset + 1;
    }
  }

  /** Calls for one partition never overlap. */
  async #alone(partition: number, call: string, work: () => Promise<void>): Promise<void> {
    if (this.#busy.has(partition)) this.wrong.push(`${call} ${partition} beside another call`);
    this.#busy.add(partition);
    try {
      await work();
    } finally {
      this.#busy.delete(partition);
    }
  }
}

/** Everything committed in a partition in which no transaction is open. */
export const committed = async (log: LogUnderTest, partition = 0): Promise<readonly LogRecord[]> => {
  const recorder = new Recorder();
  const reader = log.reader({ partitions: [partition] });
  await reader.start(recorder);
  const isRead = (): boolean => recorder.position(partition) >= (recorder.ranges.get(partition)?.end ?? 1);
  await eventually(log, `partition ${partition} is read to its end`, isRead);
  await reader.stop();
  return recorder.seen(partition);
};

export const started = async (
  log: LogUnderTest,
  share: Parameters<LogUnderTest['reader']>[0],
  recorder = new Recorder(),
): Promise<{ readonly reader: LogReader; readonly recorder: Recorder }> => {
  const reader = log.reader(share);
  await reader.start(recorder);
  return { reader, recorder };
};
