import type { Screenshot } from '@profile-warden/events';
import { InvalidInputError } from './errors.ts';
import { checkText } from './input-check.ts';

const MAX_URL_LENGTH = 2048;
const SHA256 = /^[0-9a-f]{64}$/;
/** Schemes whose path is a place. Of any other (`data:`, `javascript:`, `blob:`) the path is content. */
const PLACES = new Set([
  'http:',
  'https:',
  'ws:',
  'wss:',
  'ftp:',
  'file:',
  'about:',
  'chrome:',
  's3:',
  'gs:',
]);

/**
 * Only what shows where the worker was: query, fragment and user info carry sessions, and the log is kept for weeks.
 * Every match of `secretPaths`, which are global, is replaced by `*` in the path.
 */
export function redactUrl(url: string, secretPaths: readonly RegExp[] = []): string {
  if (!URL.canParse(url)) return '(not a url)';
  const parsed = new URL(url);
  if (!PLACES.has(parsed.protocol)) return `${parsed.protocol}(redacted)`;
  parsed.username = '';
  parsed.password = '';
  parsed.search = '';
  parsed.hash = '';
  let path = parsed.pathname;
  for (const secret of secretPaths) path = path.replaceAll(secret, '*');
  const place = parsed.protocol === 'about:' ? `about:${path}` : `${parsed.protocol}//${parsed.host}${path}`;
  return place.slice(0, MAX_URL_LENGTH);
}

export function checkUrl(field: string, value: unknown, secretPaths: readonly RegExp[]): string | null {
  if (value === undefined || value === null) return null;
  if (typeof value !== 'string') throw new InvalidInputError(field, value, 'a text');
  return redactUrl(value, secretPaths);
}

/** The address is redacted as well: signed links are keys. */
export function checkScreenshot(field: string, value: unknown): Screenshot | null {
  if (value === undefined || value === null) return null;
  const { uri, sha256 } = value as Partial<Screenshot>;
  checkText(`${field}.uri`, uri, MAX_URL_LENGTH);
  if (typeof sha256 !== 'string' || !SHA256.test(sha256))
    throw new InvalidInputError(`${field}.sha256`, sha256, '64 lower-case hex digits');
  const place = uri as string;
  // An address without its scheme may be signed as well.
  return { uri: URL.canParse(place) ? redactUrl(place) : place.replace(/\?.*$/s, ''), sha256 };
}
