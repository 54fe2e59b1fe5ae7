import type { Appender, EpochWriter, EventType, LogReader, NewEvent } from '@profile-warden/events';
import { onTestFinished } from 'vitest';

/** Ms without a heartbeat after which a group gives a member's partitions away, for every reader of the suite. */
export const SESSION_MS = 6_000;

/** Shared out within a group, or exactly these. */
export type Share = { readonly groupId: string } | { readonly partitions: readonly number[] };

/** A writer that has sent its events under a partition's transactional id and has not said how they end. */
export interface OpenTransaction {
  /** Rejects where the writer was fenced meanwhile. */
  end(isCommitted: boolean): Promise<void>;
}

/** A record as bytes, which no encoder of ours need have made. */
export interface Planted {
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, string>>;
}

/**
 * One topic that nobody else uses, with the adapters under test. All that it makes is its own to close, readers first;
 * a reader under test may be stopped before.
 */
export interface LogUnderTest {
  readonly partitionCount: number;
  readonly schemaIds: ReadonlyMap<EventType, number>;
  appender(): Appender;
  epochWriter(): EpochWriter;
  reader(share: Share): LogReader;
  leaveOpen(partition: number, events: readonly NewEvent[]): Promise<OpenTransaction>;
  plant(partition: number, record: Planted): Promise<void>;
  /** Lets so many ms pass on the clock that these adapters live by. */
  pass(ms: number): Promise<void>;
  close(): Promise<void>;
}

export type OpenLog = (partitionCount: number) => Promise<LogUnderTest>;

/** A log for the test that is running, closed at its end. */
export const opened = async (open: OpenLog, partitionCount = 1): Promise<LogUnderTest> => {
  const log = await open(partitionCount);
  onTestFinished(() => log.close());
  return log;
};

const LOOK_EVERY_MS = 20;
/** On a busy machine a group of real members takes a few seconds to share anew. */
const EVENTUALLY_MS = 30_000;

/** Waits for what the other side brings about, at most `boundMs`. */
export const eventually = async (
  log: LogUnderTest,
  what: string,
  isSo: () => boolean,
  boundMs = EVENTUALLY_MS,
): Promise<void> => {
  for (let waitedMs = 0; !isSo(); waitedMs += LOOK_EVERY_MS) {
    if (waitedMs > boundMs) throw new Error(`not so within ${boundMs} ms: ${what}`);
    await log.pass(LOOK_EVERY_MS);
  }
};
