import { FenceUsageError } from './errors.ts';

/** Longest profile id, in characters. */
export const MAX_PROFILE_ID_LENGTH = 128;
/** Largest token: 2^52 - 1. */
export const MAX_TOKEN = 2 ** 52 - 1;

/** What a writer presents: for which profile it writes, and under which lease. */
export interface LeaseToken {
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
 * The leases to ask for, each once and in the order of the bytes of their profile ids: writers that keep one order
 * cannot deadlock with each other. In SQL that order is `order by profile_id collate "C"`.
 *
 * @throws FenceUsageError when one of them cannot be meant, or when there is none.
 */
export function inOrder(given: LeaseToken | readonly LeaseToken[]): readonly LeaseToken[] {
  const leases = isList(given) ? given : [given];
  if (leases.length === 0) throw new FenceUsageError('no-lease');
  const once = new Map<string, LeaseToken>();
  for (const lease of leases) {
    assertUsable(lease);
    const { profileId, token, seenOffset } = lease;
    const before = once.get(profileId);
    if (before !== undefined && before.token !== token)
      throw new FenceUsageError(
        'two-tokens',
        `${JSON.stringify(profileId)} has ${before.token} and ${token}`,
      );
    // The later of two offsets says more.
    if ((before?.seenOffset ?? -1) < (seenOffset ?? 0)) once.set(profileId, lease);
  }
  return [...once.values()].sort((a, b) =>
    Buffer.compare(Buffer.from(a.profileId), Buffer.from(b.profileId)),
  );
}

const isList = (given: LeaseToken | readonly LeaseToken[]): given is readonly LeaseToken[] =>
  Array.isArray(given);

function assertUsable({ profileId, token, seenOffset }: LeaseToken): void {
  if (typeof profileId !== 'string' || profileId.length === 0)
    throw new FenceUsageError(
      'bad-profile-id',
      `got ${profileId === '' ? 'an empty text' : typeof profileId}`,
    );
  if (profileId.length > MAX_PROFILE_ID_LENGTH)
    throw new FenceUsageError('bad-profile-id', `got ${profileId.length} characters`);
  if (!profileId.isWellFormed() || profileId.includes('\0'))
    throw new FenceUsageError('bad-profile-id', 'it has a lone surrogate or a NUL character');
  if (!Number.isInteger(token) || token < 1 || token > MAX_TOKEN)
    throw new FenceUsageError('bad-token', `got ${String(token)}`);
  if (seenOffset !== undefined && (!Number.isSafeInteger(seenOffset) || seenOffset < 0))
    throw new FenceUsageError('bad-seen-offset', `got ${String(seenOffset)}`);
}
