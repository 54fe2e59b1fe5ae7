import { codeOf, printable } from '@profile-warden/browser-host';
import { join } from 'node:path';
import type { Layout } from './layout.ts';
import { bytesOf } from './quiet-file.ts';
import { no, together, unknown, yes, type Seen } from './seen.ts';

const MAX_BYTES = 64 * 2 ** 20;

type ParsedFile =
  | { readonly is: 'object'; readonly value: Readonly<Record<string, unknown>> }
  | { readonly is: 'absent' | 'broken' }
  | { readonly is: 'unread'; readonly how: string };

function textOf(path: string): string | ParsedFile {
  try {
    const bytes = bytesOf(path, MAX_BYTES);
    if (bytes === 'changed') return { is: 'unread', how: 'changed while it was read' };
    if (bytes === 'too-big') return { is: 'unread', how: 'too big to be read' };
    if (bytes === 'not-a-file') return { is: 'broken' };
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch (error) {
    // The decoder throws a TypeError with a code of its own.
    if (error instanceof TypeError) return { is: 'broken' };
    const code = codeOf(error);
    return code === 'ENOENT' || code === 'ENOTDIR' ? { is: 'absent' } : { is: 'unread', how: code };
  }
}

function readJson(path: string): ParsedFile {
  const text = textOf(path);
  if (typeof text !== 'string') return text;
  try {
    const value: unknown = JSON.parse(text);
    const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
    return isObject ? { is: 'object', value: value as Readonly<Record<string, unknown>> } : { is: 'broken' };
  } catch {
    return { is: 'broken' };
  }
}

/** Preference lines of Firefox: some, and no zero bytes, which is what a lost write leaves behind. */
function readPreferenceLines(path: string): ParsedFile {
  const text = textOf(path);
  if (typeof text !== 'string') return text;
  const isWhole = /^user_pref\(/m.test(text) && !text.includes('\0') && /[;/\n]\s*$/.test(text);
  return isWhole ? { is: 'object', value: {} } : { is: 'broken' };
}

function judge(name: string, file: ParsedFile, firstLease: boolean): Seen {
  switch (file.is) {
    case 'object':
      return yes(`${name} parses`);
    case 'broken':
      return no(`${name} does not parse`);
    case 'unread':
      return unknown(`${name}: ${file.how}`);
    case 'absent':
      // On a later lease nothing tells a profile that was never saved from one that lost the file.
      return firstLease
        ? yes(`${name} absent, younger than its first save`)
        : unknown(`${name} absent, although this is not the first lease`);
  }
}

export function lookAtPreferences(directory: string, layout: Layout, firstLease: boolean): Seen {
  if (layout.family === 'none') return unknown('no preferences of a known browser');
  const read = layout.family === 'firefox' ? readPreferenceLines : readJson;
  const seen = layout.preferences.map((name) => judge(name, read(join(directory, name)), firstLease));
  const absent = seen.filter(({ how }) => how.includes('absent')).map(({ how }) => how);
  return together(seen, absent.length > 0 ? absent.join('; ') : `${layout.preferences.join(', ')} parse`);
}

/** Firefox takes the end for clean when its session was written in full, and notes that here. */
const CLEAN_END = 'sessionstore-final-state-write-complete';

/** Weak, and in Chromium's words: it writes `Crashed` while it runs, as Firefox notes an end only when it has come. */
export function exitTypeOf(directory: string, layout: Layout): string | null {
  if (layout.family === 'firefox') {
    const notes = readJson(join(directory, 'sessionCheckpoints.json'));
    if (notes.is !== 'object') return null;
    return notes.value[CLEAN_END] === true ? 'Normal' : 'Crashed';
  }
  const file = readJson(join(directory, 'Default/Preferences'));
  const profile = file.is === 'object' ? file.value.profile : null;
  const exitType =
    typeof profile === 'object' && profile !== null && 'exit_type' in profile ? profile.exit_type : null;
  return typeof exitType === 'string' ? printable(exitType, 32) : null;
}

export function browserVersionOf(directory: string, layout: Layout): string | null {
  const name = layout.family === 'firefox' ? 'compatibility.ini' : 'Last Version';
  const text = textOf(join(directory, name));
  if (typeof text !== 'string') return null;
  // Firefox adds build ids behind the version.
  const version = layout.family === 'firefox' ? /^LastVersion=([^_\s]+)/m.exec(text)?.[1] : text.trim();
  return version !== undefined && /^[\w.+-]{1,64}$/.test(version) ? version : null;
}
