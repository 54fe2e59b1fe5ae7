import type { FencePoolClient } from './client.ts';
import { FenceUsageError, refusalOf } from './errors.ts';
import type { FenceClock, RetrySettings, TransactionOptions } from './fence-options.ts';
import type { LeaseToken } from './lease-token.ts';
import { requireToken } from './statements.ts';

/** Errors wrapped in errors are looked through this deep. */
const CAUSES_MAX = 5;

const BEGIN = {
  default: 'begin',
  'read committed': 'begin isolation level read committed',
  'repeatable read': 'begin isolation level repeatable read',
  serializable: 'begin isolation level serializable',
} as const;

/** BEGIN, the check, the work, COMMIT. Whatever fails, the client is given back without a transaction. */
export async function runOnce<C extends FencePoolClient, T>(
  client: C,
  leases: readonly LeaseToken[],
  work: (client: C) => Promise<T>,
  { isolation }: TransactionOptions,
): Promise<T> {
  // The query under way is told as well, and the pool does not listen while a client is lent.
  const ignore = (): void => undefined;
  client.on?.('error', ignore);
  const release = (destroy?: boolean): void => {
    client.off?.('error', ignore);
    client.release(destroy);
  };
  try {
    await client.query(BEGIN[isolation ?? 'default']);
    await requireToken(client, leases);
    const result = await work(client);
    if (client.getTransactionStatus?.() === 'I') throw new FenceUsageError('ended-early');
    const { command } = await client.query('commit');
    if (command === 'ROLLBACK') throw new FenceUsageError('swallowed-error');
    release();
    return result;
  } catch (error) {
    await giveBack(client, release);
    throw error;
  }
}

async function giveBack(client: FencePoolClient, release: (destroy?: boolean) => void): Promise<void> {
  try {
    await client.query('rollback');
    release();
  } catch {
    // A connection that cannot even roll back is of no use to anybody else.
    release(true);
  }
}

/** Whether the whole transaction may be run again: nothing of it was committed, and it may well succeed. */
const isRetryable = (error: unknown): boolean =>
  causes(error).some(
    (cause) => refusalOf(cause)?.kind === 'retry' || codeOf(cause) === '40001' || codeOf(cause) === '40P01',
  );

/** An error as it is, and those it was made from, outermost first. */
export function causes(error: unknown): readonly unknown[] {
  const found: unknown[] = [];
  for (let at = error; at !== undefined && found.length < CAUSES_MAX;) {
    found.push(at);
    at = at instanceof Error ? at.cause : undefined;
  }
  return found;
}

const codeOf = (error: unknown): unknown => (error instanceof Error && 'code' in error ? error.code : null);

export interface RetryOptions extends RetrySettings {
  readonly clock: FenceClock;
  readonly random: () => number;
  readonly signal: AbortSignal | undefined;
  readonly onRetry: (attempt: number, pauseMs: number, error: unknown) => void;
}

/** Runs the attempt until it succeeds, fails for good, or has been run `attemptCountMax` times. */
export async function withRetries<T>(attempt: () => Promise<T>, options: RetryOptions): Promise<T> {
  const { attemptCountMax, firstPauseMs, pauseMsMax, clock, random, signal, onRetry } = options;
  for (let count = 1; ; count++) {
    signal?.throwIfAborted();
    try {
      return await attempt();
    } catch (error) {
      if (count >= attemptCountMax || !isRetryable(error)) throw error;
      const wholeMs = Math.min(pauseMsMax, firstPauseMs * 2 ** (count - 1));
      const pauseMs = Math.ceil(wholeMs / 2 + (random() * wholeMs) / 2);
      onRetry(count, pauseMs, error);
      await clock.sleep(pauseMs, signal).catch((failure: unknown) => {
        signal?.throwIfAborted();
        throw failure;
      });
    }
  }
}
