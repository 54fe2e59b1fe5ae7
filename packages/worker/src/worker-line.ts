import type { LogRecord, NewEvent } from '@profile-warden/events';
import type { BrowserSource, ReportedBrowserState } from './browser-source.ts';
import type { Instant } from './lease-deadline.ts';

/** A request, and the lease that it becomes, as the line knows it. */
export interface LineUser {
  readonly profileId: string;
  readonly partition: number;
  /** A record of the profile, or one that makes a new epoch of the partition known. In log order. */
  record(record: LogRecord): void;
  /** One of its heartbeats was read back; `sent` is when it was handed to the log. In log order with the records. */
  beatHeard(sent: Instant): void;
  /** Asked only while its source is `callback`. Whoever asks bounds the wait. */
  askBrowser(): Promise<ReportedBrowserState>;
}

/**
 * All that a worker has to do with the log: it appends, it hears of the profiles that it asks for, and it keeps its
 * leases alive. `LocalLine` does so in the thread of its caller, `ThreadLine` has it done in a thread of its own, where
 * heartbeats go on while the caller's thread is blocked.
 */
export interface WorkerLine {
  readonly partitionCount: number;
  partitionOf(profileId: string): number;
  /** As `WorkerLog.append`. */
  append(events: readonly NewEvent[]): Promise<readonly number[]>;
  /** Highest authority epoch known of the partition, -1 where none is. */
  epochOf(partition: number): number;
  /** Resolves once every record appended from now on will be heard. */
  listen(user: LineUser): Promise<void>;
  /** Nothing is heard any more, and no heartbeat is sent. */
  leave(user: LineUser): void;
  /** Heartbeats from now on, the first one at once. */
  beat(user: LineUser, token: number, source: BrowserSource): void;
  /** The next heartbeat comes at once. */
  urge(user: LineUser): void;
  /** No heartbeat comes after what is appended from now on. */
  rest(user: LineUser): void;
  browser(user: LineUser, source: BrowserSource): void;
  close(): Promise<void>;
}
