import type { LogRecord, NewEvent } from './record.ts';

/** First offset still in the log, and the offset the next record would get (uncommitted ones counted). */
export interface LogRange {
  readonly start: number;
  readonly end: number;
}

/** Told by a reader what happens to its partitions. Calls for one partition never overlap. */
export interface LogListener {
  /**
   * The partition became ours. Nothing is read until the promise resolves with the offset to read from; the
   * reader stays a living group member meanwhile. `signal` aborts when the partition is lost again.
   */
  assigned(partition: number, range: LogRange, signal: AbortSignal): Promise<{ from: number }>;
  /** Synchronous: after it returns, no effect for this partition may start. */
  revoked(partition: number): void;
  /**
   * Records in log order. `nextOffset` is the position behind them, transaction markers included; `records` is
   * empty where only markers were passed, so a position always reaches the end of the log.
   */
  records(partition: number, records: readonly LogRecord[], nextOffset: number): Promise<void>;
}

/** Reads committed records of the topic, partitions shared out within a group or given by hand. */
export interface LogReader {
  start(listener: LogListener): Promise<void>;
  stop(): Promise<void>;
  /**
   * Whether the partition is still ours by a heartbeat answered from now on. To be asked before a second takeover, so
   * that a former owner never fences the rightful one.
   */
  confirmOwned(partition: number): Promise<boolean>;
  /**
   * Whether the partition is certainly ours at this moment: assigned, and the group has answered a heartbeat within the
   * time after which it would give the partition to others. To be asked right before every effect.
   */
  mayAct(partition: number): boolean;
  /** Rejects (never resolves) when the reader can no longer go on; the process should end. */
  readonly failed: Promise<never>;
}

/** Plain idempotent appends; one send in flight, acknowledged by all in-sync replicas. */
export interface Appender {
  /** Resolves with the offset of each event, in order. A rejection means unknown: it may be in the log. */
  append(events: readonly NewEvent[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

/** The right to decide for one partition, from a takeover until it is fenced, fails or is closed. */
export interface Epoch {
  /** Offset of the barrier. */
  readonly epoch: number;
  /**
   * All events in one transaction of this partition; resolves after the commit. An event that cannot be encoded is
   * refused with a `CodecError` as error or cause: nothing was sent, and the epoch lives on. After any other rejection
   * the epoch is dead: whether the events are in the log is unknown, and only another takeover may go on.
   */
  commit(events: readonly NewEvent[]): Promise<readonly number[]>;
  close(): Promise<void>;
}

export interface EpochWriter {
  /** Fences every former writer of the partition and commits the barrier event. */
  takeOver(partition: number, barrier: NewEvent, signal: AbortSignal): Promise<Epoch>;
}

/** Milliseconds of a monotonic clock, and a bounded wait. The only time the runtime knows. */
export interface Clock {
  now(): number;
  /** Resolves after `ms`, or at once when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}
