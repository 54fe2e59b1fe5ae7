import type { IgnoredReason } from '@profile-warden/domain';

/** Why the fold passed a record over, for a person who reads it in a timeline. */
export const IGNORED_BECAUSE: Readonly<Record<IgnoredReason, string>> = {
  'stale-epoch': 'written by an authority that another one had replaced',
  'not-in-this-stage': 'the profile was not in a stage that it could move',
  'no-lease': 'nobody had leased the profile yet',
  'old-token': 'its token was replaced by a newer grant',
  'unknown-token': 'its token was never granted',
  'stale-token': 'it speaks of another token than the current one',
  'wrong-incarnation': 'the token belongs to another run of the worker',
  duplicate: 'the same was said before',
  'duplicate-request': 'the request was made before',
  'other-round': 'it speaks of another recovery round',
  'other-attempt': 'another attempt of the evidence was due',
  'based-on-another': 'it rests on something that no longer stood',
  'holder-reported': 'the holder reported after what it rests on',
  'holder-recent': 'the holder had not been silent for its whole lease',
  'fence-open': 'a fence was not confirmed yet',
  'unknown-target': 'the quarantine names no such fence target',
  'unknown-value': 'it carries a value that this version does not know',
  'stale-view': 'it rests on a view older than the present stage',
  'verdict-missing': 'an open step has no verdict',
  'no-checkpoint': 'there is no such checkpoint, or no task to resume',
  'never-leased': 'the profile never had a lease',
  'known-incarnation': 'that run of the worker was known',
  'not-current': 'it was no longer so',
  unkeyed: 'its key does not fit what it says',
};

export const isIgnoredReason = (folded: string): folded is IgnoredReason =>
  Object.hasOwn(IGNORED_BECAUSE, folded);
