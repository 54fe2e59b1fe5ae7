import { cpSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

/** Names of the cookies that Chromium has written to the disk so far. Asks a copy, with its journal. */
export function savedCookies(profile: string): readonly string[] {
  const folder = mkdtempSync(join(tmpdir(), 'warden-cookies-'));
  try {
    for (const name of ['Cookies', 'Cookies-journal']) {
      const file = join(profile, 'Default', name);
      if (existsSync(file)) cpSync(file, join(folder, name));
    }
    using database = new DatabaseSync(join(folder, 'Cookies'));
    const hasTable =
      database.prepare("select 1 from sqlite_master where name = 'cookies'").get() !== undefined;
    if (!hasTable) return [];
    return database
      .prepare('select name from cookies')
      .all()
      .map(({ name }) => String(name));
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
