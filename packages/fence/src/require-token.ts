import type { FenceClient } from './client.ts';
import { isPool } from './client.ts';
import { FenceUsageError, refusalOf } from './error.ts';

/** Longest profile id, in characters. */
export const MAX_PROFILE_ID_LENGTH = 128;
/** Largest token: 2^52 - 1. */
export const MAX_TOKEN = 2 ** 52 - 1;

export interface RequireTokenOptions {
  /** The profile whose account is about to be written. 1 to 128 characters. */
  readonly profileId: string;
  /** Token of the lease the caller works under. Whole number from 1 to 2^52 - 1. */
  readonly token: number;
  /**
   * Offset of a record of the profile's partition that the caller has read and wants to be counted, usually that
   * of its own `LeaseGranted`. Whole number from 0. A database that is behind it answers `retry` where it would
   * else judge by older knowledge: an unknown profile, or a release it has not heard of. Default: none, the
   * database judges by what it knows.
   */
  readonly seenOffset?: number;
}

/**
 * Makes sure that `token` is the profile's current one, and that it stays so until this transaction ends: a
 * revocation waits for the commit, or comes first and the token is refused here.
 *
 * Call it as the first statement after `BEGIN`, in the transaction that writes, on the same client. Not behind a
 * savepoint, since rolling back to it would drop the lock. For several profiles call it once per profile, in
 * the order of their ids, else two transactions may deadlock (40P01). Under REPEATABLE READ and SERIALIZABLE a
 * fence raised since the snapshot shows as 40001: retry the transaction, as after any serialization failure.
 *
 * @throws FenceRefusedError when the token is refused; the transaction is aborted, roll it back.
 * @throws FenceUsageError when the call could not protect anything, before or instead of asking.
 */
export async function requireToken(client: FenceClient, options: RequireTokenOptions): Promise<void> {
  const { profileId, token, seenOffset } = options;
  assertUsable(client, options);
  try {
    await client.query('select warden.require_token($1::text, $2::bigint, $3::bigint)', [
      profileId,
      token,
      seenOffset ?? null,
    ]);
  } catch (error) {
    throw refusalOf(error, { profileId, token }) ?? error;
  }
  // Asked afterwards: before, a BEGIN that the caller did not wait for may still be under way.
  if (client.getTransactionStatus?.() === 'I')
    throw new FenceUsageError(
      'no-transaction',
      'requireToken was called outside a transaction: its lock is gone already. Send BEGIN first, on the same client.',
    );
}

function assertUsable(client: FenceClient, { profileId, token, seenOffset }: RequireTokenOptions): void {
  if (isPool(client))
    throw new FenceUsageError(
      'bare-pool',
      'requireToken needs one client inside a transaction, and got a pool. Use `await pool.connect()` and BEGIN.',
    );
  if (typeof profileId !== 'string' || profileId.length === 0 || profileId.length > MAX_PROFILE_ID_LENGTH)
    throw new FenceUsageError(
      'bad-profile-id',
      `profileId must be a string of 1 to ${MAX_PROFILE_ID_LENGTH} characters`,
    );
  if (!profileId.isWellFormed() || profileId.includes('\0'))
    throw new FenceUsageError('bad-profile-id', 'profileId has a lone surrogate or a NUL character');
  if (!Number.isInteger(token) || token < 1 || token > MAX_TOKEN)
    throw new FenceUsageError(
      'bad-token',
      `token must be a whole number from 1 to ${MAX_TOKEN}, got ${String(token)}`,
    );
  if (seenOffset !== undefined && (!Number.isSafeInteger(seenOffset) || seenOffset < 0))
    throw new FenceUsageError(
      'bad-seen-offset',
      `seenOffset must be a whole number from 0, got ${String(seenOffset)}`,
    );
}
