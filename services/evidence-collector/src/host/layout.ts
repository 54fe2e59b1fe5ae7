import type { BrowserKind } from '@profile-warden/events';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from './seen.ts';

/** Where a browser keeps what is checked, as paths below the directory. */
export interface Layout {
  readonly family: 'chromium' | 'firefox' | 'none';
  /** Text that must parse; `json` or the preference lines of Firefox. */
  readonly preferences: readonly string[];
  readonly databases: readonly string[];
  readonly cookieStores: readonly string[];
  readonly cookieTable: 'cookies' | 'moz_cookies';
}

const CHROMIUM_DATABASES = [
  'Network/Cookies',
  'Cookies',
  'Login Data',
  'Login Data For Account',
  'Web Data',
  'Account Web Data',
  'History',
  'Favicons',
  'Top Sites',
  'Network Action Predictor',
  'Extension Cookies',
  'databases/Databases.db',
];
const FIREFOX_DATABASES = [
  'cookies.sqlite',
  'places.sqlite',
  'favicons.sqlite',
  'permissions.sqlite',
  'formhistory.sqlite',
  'storage.sqlite',
  'webappsstore.sqlite',
  'content-prefs.sqlite',
  'key4.db',
  'cert9.db',
];
// A profile with more accounts than this is no profile of a fleet.
const MAX_FOLDER_COUNT = 16;

const isFound = (directory: string, path: string) =>
  lstatSync(join(directory, path), { throwIfNoEntry: false }) !== undefined;

function chromium(directory: string, names: readonly string[]): Layout {
  const folders = names.filter((name) => /^Profile \d+$/.test(name)).slice(0, MAX_FOLDER_COUNT);
  const found = ['Default', ...folders].flatMap((folder) =>
    CHROMIUM_DATABASES.map((name) => join(folder, name)).filter((path) => isFound(directory, path)),
  );
  return {
    family: 'chromium',
    preferences: [
      'Local State',
      'Default/Preferences',
      ...folders.map((folder) => join(folder, 'Preferences')),
    ],
    databases: found,
    cookieStores: found.filter((path) => path.endsWith('/Cookies')),
    cookieTable: 'cookies',
  };
}

function firefox(directory: string): Layout {
  const found = FIREFOX_DATABASES.filter((path) => isFound(directory, path));
  return {
    family: 'firefox',
    preferences: ['prefs.js'],
    databases: found,
    cookieStores: found.filter((path) => path === 'cookies.sqlite'),
    cookieTable: 'moz_cookies',
  };
}

const NONE: Layout = {
  family: 'none',
  preferences: [],
  databases: [],
  cookieStores: [],
  cookieTable: 'cookies',
};

/** The lease names the browser; where it does not, the files do. A string says why neither could. */
export function layoutOf(directory: string, kind: BrowserKind): Layout | string {
  try {
    const names = readdirSync(directory);
    if (kind === 'chromium') return chromium(directory, names);
    if (kind === 'firefox') return firefox(directory);
    if (names.includes('Local State') || names.includes('Default')) return chromium(directory, names);
    return names.includes('prefs.js') || names.includes('places.sqlite') ? firefox(directory) : NONE;
  } catch (error) {
    return `readdir: ${codeOf(error)}`;
  }
}
