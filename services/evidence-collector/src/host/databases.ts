import { NO_FOLDER } from './copies-folder.ts';
import { CopyBudget, lookAtDatabase, type DatabaseLook } from './database-copy.ts';
import type { Layout } from './layout.ts';
import { lookAtLevelDb } from './level-db.ts';
import type { LookTask } from './look-task.ts';
import { no, together, unknown, yes, type Seen } from './seen.ts';

const MAX_COPIED_BYTES = 512 * 2 ** 20;

/** Judged by number only: a cookie's name or value never leaves the database. */
function judgeCookies(
  counts: readonly (number | null)[],
  isWhole: boolean,
  atCheckpoint: number | null,
  firstLease: boolean,
): Seen {
  if (!isWhole) return unknown('the cookie store cannot be read');
  const count = counts.reduce((sum: number, one) => sum + (one ?? 0), 0);
  if (count > 0) return yes(`${count} cookies`);
  const what = counts.length === 0 ? 'no cookie store' : 'the cookie store is empty';
  if (atCheckpoint !== null && atCheckpoint > 0)
    return no(`${what}, ${atCheckpoint} cookies at the checkpoint`);
  if (atCheckpoint === 0) return yes(`${what}, as at the checkpoint`);
  return unknown(firstLease ? `${what}, younger than its first save` : `${what}, and nobody counted before`);
}

export function lookAtDatabases(
  directory: string,
  layout: Layout,
  task: LookTask,
): { databases: Seen; cookies: Seen } {
  if (layout.family === 'none') {
    const why = unknown('no database of a known browser');
    return { databases: why, cookies: why };
  }
  if (task.copiesFolder === NO_FOLDER) {
    const why = unknown('no private folder for copies could be made');
    return { databases: why, cookies: why };
  }
  const budget = new CopyBudget(MAX_COPIED_BYTES);
  const looks = new Map<string, DatabaseLook>();
  for (const [number, name] of layout.databases.entries()) {
    const table = layout.cookieStores.includes(name) ? layout.cookieTable : null;
    looks.set(
      name,
      lookAtDatabase(directory, name, { copiesFolder: task.copiesFolder, budget, number, table }),
    );
  }
  const levelDbs = layout.levelDbs.map((name) => lookAtLevelDb(directory, name));
  const seen = [...[...looks.values()].map(({ sound }) => sound), ...levelDbs];
  const none = task.firstLease
    ? yes('no database yet, younger than its first save')
    : unknown('no database, although this is not the first lease');
  const stores = layout.cookieStores.map((name) => looks.get(name));
  return {
    databases:
      seen.length === 0
        ? none
        : together(
            seen,
            `quick_check ok on copies of ${looks.size} databases, ${levelDbs.length} of LevelDB whole`,
          ),
    cookies: judgeCookies(
      stores.map((store) => store?.rowCount ?? null),
      stores.every((store) => store !== undefined && store.rowCount !== null),
      task.cookiesAtCheckpoint,
      task.firstLease,
    ),
  };
}
