import { FOLD_VERSION } from '@profile-warden/domain';

/** Another authority's barrier was folded: it decides from there on. */
export class TakenOverError extends Error {
  override readonly name = 'TakenOverError';
  readonly reason = 'fenced';

  constructor(partition: number) {
    super(`partition ${partition}: another authority has taken over`);
  }
}

/** The log goes on under fold rules that this release does not have. Start a release that has them. */
export class FoldVersionError extends Error {
  override readonly name = 'FoldVersionError';

  constructor(partition: number, offset: number, foldVersion: number) {
    super(
      `partition ${partition} is folded by version ${foldVersion} from offset ${offset} on, this release knows ` +
        `version ${FOLD_VERSION}: start a newer release of this service`,
    );
  }
}

/** - `log-start-gone`: retention has cut the log off at its start, and no snapshot covers what is missing.
 *  - `other-log`: the snapshot was folded from a log that began with another record.
 *  - `records-lost`: the record that the snapshot was folded up to is not in the log.
 *  - `log-emptied`: retention has removed even that record, so that nothing shows any more that they belong together.
 */
export type LogLossCode = 'log-start-gone' | 'other-log' | 'records-lost' | 'log-emptied';

/**
 * The state of the partition cannot be had from this log: tokens would be issued a second time. Nothing may be decided,
 * and trying again does not help; the message says what an operator can do.
 */
export class LogLossError extends Error {
  override readonly name = 'LogLossError';
  readonly code: LogLossCode;

  constructor(code: LogLossCode, message: string) {
    super(message);
    this.code = code;
  }
}

/** Whether an error says that another holds the partition now, as far as can be told. */
export const isFenced = (error: unknown): boolean =>
  (error as { readonly reason?: unknown } | null)?.reason === 'fenced';
