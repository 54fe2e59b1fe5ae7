import { codeOf } from '@profile-warden/browser-host';
import type { BrowserKind } from '@profile-warden/events';
import { lstatSync, readdirSync } from 'node:fs';
import { join } from 'node:path';

/** Where a browser keeps what is checked, as paths below the directory. */
export interface Layout {
  readonly family: 'chromium' | 'firefox' | 'none';
  /** Text that must parse; `json` or the preference lines of Firefox. */
  readonly preferences: readonly string[];
  readonly databases: readonly string[];
  /** Folders of LevelDB. */
  readonly levelDbs: readonly string[];
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
/** Below the folder of an account; a star stands for any name. */
const CHROMIUM_LEVEL_DBS = [
  'Local Storage/leveldb',
  'Session Storage',
  'IndexedDB/*.leveldb',
  'Service Worker/Database',
];
/** Firefox's own are `.sqlite`, those of its key store `.db`. */
const FIREFOX_DATABASE = /^(?:.+\.sqlite|(?:key4|cert9|logins)\.db)$/;
const FIREFOX_COOKIES = 'cookies.sqlite';
// Of each kind: a profile that has visited half the web still gets its answer in time.
const MAX_DATABASE_COUNT = 64;
// A profile with more accounts than this is no profile of a fleet.
const MAX_FOLDER_COUNT = 16;

const isFound = (directory: string, path: string) =>
  lstatSync(join(directory, path), { throwIfNoEntry: false }) !== undefined;

/** Paths below the directory that a pattern with one star stands for; absent and unreadable folders hold none. */
function matches(directory: string, folder: string, ending: string): string[] {
  try {
    const names = readdirSync(join(directory, folder)).filter((name) => name.endsWith(ending));
    return names.map((name) => join(folder, name));
  } catch {
    return [];
  }
}

function levelDbsOf(directory: string, account: string): string[] {
  return CHROMIUM_LEVEL_DBS.flatMap((pattern) => {
    const [folder = '', ending] = join(account, pattern).split('*');
    if (ending !== undefined) return matches(directory, folder, ending);
    return isFound(directory, folder) ? [folder] : [];
  });
}

function chromium(directory: string, names: readonly string[]): Layout {
  const folders = names.filter((name) => /^Profile \d+$/.test(name)).slice(0, MAX_FOLDER_COUNT);
  const accounts = ['Default', ...folders];
  const found = accounts.flatMap((folder) =>
    CHROMIUM_DATABASES.map((name) => join(folder, name)).filter((path) => isFound(directory, path)),
  );
  return {
    family: 'chromium',
    preferences: ['Local State', ...accounts.map((folder) => join(folder, 'Preferences'))],
    databases: found,
    levelDbs: accounts.flatMap((folder) => levelDbsOf(directory, folder)).slice(0, MAX_DATABASE_COUNT),
    cookieStores: found.filter((path) => path.endsWith('/Cookies')),
    cookieTable: 'cookies',
  };
}

function firefox(directory: string, names: readonly string[]): Layout {
  const own = names.filter((name) => FIREFOX_DATABASE.test(name) && name !== FIREFOX_COOKIES);
  const ofPages = matches(directory, 'storage/default', '').map((site) => join(site, 'ls/data.sqlite'));
  const cookieStores = names.includes(FIREFOX_COOKIES) ? [FIREFOX_COOKIES] : [];
  return {
    family: 'firefox',
    preferences: ['prefs.js'],
    databases: [
      ...cookieStores,
      ...own.slice(0, MAX_DATABASE_COUNT),
      ...ofPages.filter((path) => isFound(directory, path)).slice(0, MAX_DATABASE_COUNT),
    ],
    levelDbs: [],
    cookieStores,
    cookieTable: 'moz_cookies',
  };
}

const NONE: Layout = {
  family: 'none',
  preferences: [],
  databases: [],
  levelDbs: [],
  cookieStores: [],
  cookieTable: 'cookies',
};

/** The lease names the browser; where it does not, the files do. A string says why neither could. */
export function layoutOf(directory: string, kind: BrowserKind): Layout | string {
  try {
    const names = readdirSync(directory);
    if (kind === 'chromium') return chromium(directory, names);
    if (kind === 'firefox') return firefox(directory, names);
    if (names.includes('Local State') || names.includes('Default')) return chromium(directory, names);
    return names.includes('prefs.js') || names.includes('places.sqlite') ? firefox(directory, names) : NONE;
  } catch (error) {
    return `readdir: ${codeOf(error)}`;
  }
}
