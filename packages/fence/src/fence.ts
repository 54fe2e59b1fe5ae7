import type { ClientOf, FenceClient, FencePool } from './client.ts';
import type { Refusal } from './errors.ts';
import { FenceUsageError, refusalOf } from './errors.ts';
import type { FenceOptions, FenceSignal, RetrySettings, TransactionOptions } from './fence-options.ts';
import { reportSettings, retrySettings, systemClock } from './fence-options.ts';
import type { LeaseToken } from './lease-token.ts';
import { inOrder } from './lease-token.ts';
import { RefusalReports } from './refusal-reports.ts';
import type { Verdict } from './statements.ts';
import { requireToken, tryToken } from './statements.ts';
import { causes, runOnce, withRetries } from './transaction.ts';

/**
 * The fence of one account database, as its services use it. Holds no connection and needs no end; `settled` waits
 * for reports that are still under way.
 */
export class Fence {
  readonly #options: FenceOptions;
  readonly #retry: RetrySettings;
  readonly #reports: RefusalReports;

  /** @throws FenceUsageError `bad-option` */
  constructor(options: FenceOptions = {}) {
    this.#options = options;
    this.#retry = retrySettings(options);
    this.#reports = new RefusalReports({
      ...reportSettings(options),
      reporter: options.reportRefusal ?? null,
      now: () => (options.clock ?? systemClock).now(),
      onLost: (refusal, error) => this.#signal({ type: 'report-lost', refusal, error }),
    });
  }

  /**
   * `requireToken`, and a stopped write is reported. For transactions that the caller begins and ends.
   *
   * @throws FenceRefusedError when a token is refused; the transaction is aborted, roll it back.
   * @throws FenceUsageError when the call could not protect anything.
   */
  async require(client: FenceClient, leases: LeaseToken | readonly LeaseToken[]): Promise<void> {
    try {
      await requireToken(client, leases);
    } catch (error) {
      this.#report(refusalOf(error));
      throw error;
    }
  }

  /**
   * `tryToken`, and a stopped write is reported: an answer instead of an error, and a transaction that goes on.
   *
   * @throws FenceUsageError when the call could not protect anything.
   */
  async try(client: FenceClient, leases: LeaseToken | readonly LeaseToken[]): Promise<Verdict> {
    const verdict = await tryToken(client, leases);
    if (!verdict.ok) this.#report(verdict);
    return verdict;
  }

  /**
   * Runs the work in a transaction of its own under these leases, and runs the whole of it again where the database
   * says that this may help (WD002, 40001, 40P01), a bounded number of times. So the work must do nothing outside of
   * the database that may not be done twice. It gets the client inside the transaction, and leaves BEGIN, COMMIT and
   * ROLLBACK alone. A connection lost during COMMIT is never retried: nobody knows whether it was carried out.
   *
   * @param pool a `pg` pool; one client of it is held for each attempt, none during the pauses.
   * @returns what the work returned, committed.
   * @throws FenceRefusedError when a token is refused for good, or still `retry` at the last attempt.
   * @throws FenceUsageError when the call could not protect anything, or the work broke its rules.
   * @throws whatever the work or the database threw else; everything was rolled back.
   */
  async transaction<P extends FencePool, T>(
    pool: P,
    leases: LeaseToken | readonly LeaseToken[],
    work: (client: ClientOf<P>) => Promise<T>,
    options: TransactionOptions = {},
  ): Promise<T> {
    const { clock = systemClock, random = Math.random } = this.#options;
    const ordered = inOrder(leases);
    if (!('connect' in pool) || 'release' in pool)
      throw new FenceUsageError('bad-option', 'transaction needs a pool, and got a client; use require');
    try {
      return await withRetries(
        async () => runOnce((await pool.connect()) as ClientOf<P>, ordered, work, options),
        {
          ...this.#retry,
          clock,
          random,
          signal: options.signal,
          onRetry: (attempt, pauseMs, error) => this.#signal({ type: 'retrying', attempt, pauseMs, error }),
        },
      );
    } catch (error) {
      // The transaction is over: what is reported now cannot be rolled back with it.
      const refusal =
        causes(error)
          .map(refusalOf)
          .find((found) => found !== null) ?? null;
      this.#report(refusal);
      throw error === refusal?.cause ? refusal : error;
    }
  }

  /** Resolves when no report is under way any more; for an orderly end of the process. */
  settled(): Promise<void> {
    return this.#reports.settled();
  }

  #report(refusal: Refusal | null): void {
    if (refusal !== null) this.#reports.report(refusal);
  }

  #signal(signal: FenceSignal): void {
    try {
      this.#options.onSignal?.(signal);
    } catch {
      // A listener must not decide what becomes of a write.
    }
  }
}

/** A fence with all defaults: retries, and reports to nobody. */
export const fence = new Fence();
