import { CodecError } from './error.ts';
import type { CodecErrorCode } from './error.ts';

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
  const code = profileIdFlaw(value);
  if (code !== null) throw new CodecError(code, MESSAGES[code](value));
}

export type ProfileIdFlaw = Extract<CodecErrorCode, `profile-id-${string}`>;

export function profileIdFlaw(value: string): ProfileIdFlaw | null {
  if (value.length === 0) return 'profile-id-empty';
  if (value.length > MAX_PROFILE_ID_LENGTH) return 'profile-id-too-long';
  return value.isWellFormed() && !CONTROL.test(value) ? null : 'profile-id-not-utf8';
}

const MESSAGES: Readonly<Record<ProfileIdFlaw, (value: string) => string>> = {
  'profile-id-empty': () => 'profileId is empty',
  'profile-id-too-long': ({ length }) =>
    `profileId has ${length} characters, at most ${MAX_PROFILE_ID_LENGTH} are allowed`,
  'profile-id-not-utf8': (value) =>
    `profileId ${JSON.stringify(value)} has a lone surrogate or a control character`,
};
