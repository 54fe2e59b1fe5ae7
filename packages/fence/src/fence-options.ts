import { setTimeout as sleep } from 'node:timers/promises';
import { FenceUsageError } from './errors.ts';
import type { RefusalReporter, WriteRefusal } from './refusal-reports.ts';

/** Time as the fence uses it; tests bring their own. */
export interface FenceClock {
  /** Milliseconds from any point that does not move. */
  now(): number;
  /** Rejects when the signal aborts. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** What a `Fence` does by itself and somebody may want to log or count. */
export type FenceSignal =
  /** `transaction` runs its work again after the pause. */
  | { readonly type: 'retrying'; readonly attempt: number; readonly pauseMs: number; readonly error: unknown }
  /** A refused write was not reported; what the caller was told is not touched by it. */
  | { readonly type: 'report-lost'; readonly refusal: WriteRefusal; readonly error: unknown };

export interface FenceOptions {
  /**
   * Name of the database as a fence target, as the projector's `WARDEN_FENCE_TARGETS` has it. It only goes into
   * reports. 1 to 128 characters. Default `main`, the name in the examples; set it where there are several.
   */
  readonly target?: string;
  /**
   * Told of writes that were stopped (WD001), beside the caller's work and never inside its transaction. The log
   * counts them as a sign of life of the old holder, which the evidence and the reviewer see. Default: nobody is.
   */
  readonly reportRefusal?: RefusalReporter;
  /**
   * The same token for the same profile is reported once in this time, in ms: a caller that keeps trying must not
   * fill the log. 0 to 3,600,000. Default 60,000. 0 reports each, for tests and rare callers.
   */
  readonly reportEveryMs?: number;
  /**
   * How often `transaction` runs its work at most, the first time included. 1 to 100. Default 10: with the default
   * pauses some two to three seconds, which a projector needs to carry a new lease over or to meet a database that
   * was started again. 1 never retries, for callers that are retried by somebody else.
   */
  readonly attemptCountMax?: number;
  /**
   * Pause before the second attempt, in ms; it doubles from attempt to attempt. 1 to 10,000. Default 50, about what
   * a grant takes from the log to the database. Each pause is drawn between half of this and the whole.
   */
  readonly firstPauseMs?: number;
  /** Longest pause between two attempts, in ms. From `firstPauseMs` to 60,000. Default 500. */
  readonly pauseMsMax?: number;
  /** Told of retries and lost reports. What it throws is ignored. Default: nobody is. */
  readonly onSignal?: (signal: FenceSignal) => void;
  /** From 0 to below 1, for the pauses. Default `Math.random`: callers that failed together must not retry together. */
  readonly random?: () => number;
  /** Default: the monotonic clock and timers of Node. */
  readonly clock?: FenceClock;
}

export interface TransactionOptions {
  /**
   * Isolation of the transaction. Default: what the database has set, usually READ COMMITTED, which is enough for
   * the token. Under the others a fence raised meanwhile shows as 40001 and the work is run again.
   */
  readonly isolation?: 'read committed' | 'repeatable read' | 'serializable';
  /** Ends the waiting between two attempts, and starts no further one. A running attempt is not cut short. */
  readonly signal?: AbortSignal;
}

export interface RetrySettings {
  readonly attemptCountMax: number;
  readonly firstPauseMs: number;
  readonly pauseMsMax: number;
}

export const systemClock: FenceClock = {
  now: () => performance.now(),
  sleep: (ms, signal) => sleep(ms, undefined, signal === undefined ? {} : { signal }),
};

/** @throws FenceUsageError naming the option that breaks its bound. */
export function retrySettings(options: FenceOptions): RetrySettings {
  const { attemptCountMax = 10, firstPauseMs = 50, pauseMsMax = Math.max(500, firstPauseMs) } = options;
  assertWhole('attemptCountMax', attemptCountMax, 1, 100);
  assertWhole('firstPauseMs', firstPauseMs, 1, 10_000);
  assertWhole('pauseMsMax', pauseMsMax, firstPauseMs, 60_000);
  return { attemptCountMax, firstPauseMs, pauseMsMax };
}

/** @throws FenceUsageError naming the option that breaks its bound. */
export function reportSettings(options: FenceOptions): { target: string; everyMs: number } {
  const { target = 'main', reportEveryMs: everyMs = 60_000 } = options;
  if (typeof target !== 'string' || target.length === 0 || target.length > 128)
    throw new FenceUsageError('bad-option', 'target must be a text of 1 to 128 characters');
  assertWhole('reportEveryMs', everyMs, 0, 3_600_000);
  return { target, everyMs };
}

function assertWhole(name: string, value: number, min: number, max: number): void {
  if (!Number.isInteger(value) || value < min || value > max)
    throw new FenceUsageError(
      'bad-option',
      `${name} must be a whole number from ${min} to ${max}, got ${String(value)}`,
    );
}
