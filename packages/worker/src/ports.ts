import type { Clock, LogRecord, NewEvent } from '@profile-warden/events';

/**
 * The log as a worker needs it: it appends, and it reads the tail of the partitions in which it has a lease or a
 * request. `connectWorker` puts Kafka behind it; tests and the simulation put memory behind it.
 */
export interface WorkerLog {
  /** Chosen for the life of the topic. */
  readonly partitionCount: number;
  partitionOf(profileId: string): number;
  /**
   * Resolves with the offset of each event, in order. Two calls are written in the order in which they were made.
   * A rejection means unknown: the events may be in the log.
   */
  append(events: readonly NewEvent[]): Promise<readonly number[]>;
  /** Reads the partition from its present end on; every record appended after the promise resolved is delivered. */
  follow(partition: number): Promise<{ readonly from: number }>;
  unfollow(partition: number): void;
  /** The one listener, set before the first `follow`. Records of one partition come in log order. */
  onRecord(listener: (record: LogRecord) => void): void;
  /** Ends both connections. Nothing may be appended afterwards. */
  close(): Promise<void>;
}

/** Two clocks: `now` is monotonic, `wallNow` is the calendar. A lease is judged by the larger advance of both. */
export interface WorkerClock extends Clock {
  /** Epoch ms by the system's clock, which may jump. */
  wallNow(): number;
}
