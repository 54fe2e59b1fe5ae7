/**
 * - `projection-conflict`: the partition stands elsewhere than the writer believed, or holds something else: another
 *   projector has it, or the read model was rebuilt. The writer must stop and load what is there; retrying the same
 *   batch cannot help.
 */
export class ProjectionConflictError extends Error {
  override readonly name = 'ProjectionConflictError';
  readonly code = 'projection-conflict';
  readonly partition: number;
  readonly expectedNextOffset: number;

  constructor(partition: number, expectedNextOffset: number) {
    super(
      `partition ${partition}: the read model is no longer as it was left at offset ${expectedNextOffset}: another projector writes it, or it was rebuilt. Start again from what is there`,
    );
    this.partition = partition;
    this.expectedNextOffset = expectedNextOffset;
  }
}

/** The stored snapshot does not match its hash. Replay the log; the next batch of the projector cannot repair it. */
export class SnapshotCorruptError extends Error {
  override readonly name = 'SnapshotCorruptError';
  readonly code = 'snapshot-corrupt';

  constructor(partition: number) {
    super(`partition ${partition}: the stored snapshot does not match its hash`);
  }
}

/**
 * - `rebuild-under-way`: another one has begun and not ended.
 * - `newer-read-model`: a later release wrote the live one.
 * - `foreign-objects`: views, indexes or the like of somebody else stand on the live one and would go with it.
 */
export class RebuildRefusedError extends Error {
  override readonly name = 'RebuildRefusedError';
  readonly code: 'rebuild-under-way' | 'newer-read-model' | 'foreign-objects';

  constructor(code: RebuildRefusedError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const stateOf = (error: unknown): string | null =>
  error instanceof Error &&
  'code' in error &&
  typeof error.code === 'string' &&
  /^[0-9A-Z]{5}$/.test(error.code)
    ? error.code
    : null;

/** The statement waited longer for a lock than its bound. */
export const isLockTimeout = (error: unknown): boolean => stateOf(error) === '55P03';

/** Two transactions waited for each other, and this one was ended: the whole of it may be run again. */
export const isDeadlock = (error: unknown): boolean => stateOf(error) === '40P01';

/** The login may not do it. */
export const isNotAllowed = (error: unknown): boolean => stateOf(error) === '42501';

/** What is asked for was never made there: the projector has not run yet, or the database is another one. */
export const isNotThere = (error: unknown): boolean => /^(?:42P01|3F000)$/.test(stateOf(error) ?? '');

/** The database refused the values of the statement, not the moment or the role: asking again cannot help. */
export const isRefusedStatement = (error: unknown): boolean => /^(22|23|55000)/.test(stateOf(error) ?? '');
