import { CodecError } from './error.ts';

/** In characters (UTF-16 code units), as every length of this package. */
export const MAX_PROFILE_ID_LENGTH = 128;

// eslint-disable-next-line no-control-regex -- finding them is the purpose
const CONTROL = /[\u0000-\u001f\u007f-\u009f]/;

/**
 * A profile id is the record key and must come back from the log as it went in. Control characters are refused
 * since an id is shown in terminals, file names and URLs.
 */
export function assertProfileId(value: unknown): asserts value is string {
  if (typeof value !== 'string')
    throw new CodecError('schema-mismatch', `profileId: expected a string, got ${typeof value}`);
  if (value.length === 0) throw new CodecError('profile-id-empty', 'profileId is empty');
  if (value.length > MAX_PROFILE_ID_LENGTH)
    throw new CodecError(
      'profile-id-too-long',
      `profileId has ${value.length} characters, at most ${MAX_PROFILE_ID_LENGTH} are allowed`,
    );
  if (!value.isWellFormed() || CONTROL.test(value))
    throw new CodecError(
      'profile-id-not-utf8',
      `profileId ${JSON.stringify(value)} has a lone surrogate or a control character`,
    );
}
