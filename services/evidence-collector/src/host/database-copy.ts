import { codeOf } from '@profile-warden/browser-host';
import { closeSync, openSync, statSync, writeSync } from 'node:fs';
import { basename, join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { readQuietly } from './quiet-file.ts';
import { no, unknown, yes, type Seen } from './seen.ts';

/** What a check may cost in one look, over all databases. */
export class CopyBudget {
  #bytesLeft: number;

  constructor(bytes: number) {
    this.#bytesLeft = bytes;
  }

  take(bytes: number): boolean {
    if (bytes > this.#bytesLeft) return false;
    this.#bytesLeft -= bytes;
    return true;
  }
}

// SQLITE_CORRUPT and SQLITE_NOTADB; the low byte of an extended code is the primary one.
const BROKEN_CODES = new Set([11, 26]);
const COMPANIONS = ['-wal', '-journal'];

function sizeOf(path: string): number | null {
  return statSync(path, { throwIfNoEntry: false })?.size ?? null;
}

function stateOf(path: string): string {
  return ['', ...COMPANIONS]
    .map((suffix) => statSync(`${path}${suffix}`, { bigint: true, throwIfNoEntry: false }))
    .map((stats) => (stats === undefined ? '-' : `${stats.ino} ${stats.size} ${stats.mtimeNs}`))
    .join(',');
}

function copyFile(from: string, to: string, maxBytes: number): string | null {
  const copy = openSync(to, 'wx', 0o600);
  try {
    const outcome = readQuietly(from, maxBytes, (chunk) => {
      for (let done = 0; done < chunk.length;) done += writeSync(copy, chunk, done);
    });
    return outcome === 'done' ? null : outcome;
  } finally {
    closeSync(copy);
  }
}

/** Copies a database with what belongs to it; says why where it could not. */
function copyWhole(from: string, to: string, budget: CopyBudget): string | null {
  for (const suffix of ['', ...COMPANIONS]) {
    const size = sizeOf(`${from}${suffix}`);
    if (size === null) {
      if (suffix === '') return 'absent';
      continue;
    }
    if (!budget.take(size)) return 'too big to be copied';
    const failure = copyFile(`${from}${suffix}`, `${to}${suffix}`, size);
    if (failure !== null) return failure === 'too-big' ? 'changed' : failure;
  }
  return null;
}

function sqliteCode(error: unknown): number {
  return error instanceof Error && 'errcode' in error && typeof error.errcode === 'number'
    ? error.errcode & 0xff
    : 0;
}

export interface DatabaseLook {
  readonly sound: Seen;
  /** Rows of the asked table; null where they could not be counted. */
  readonly rowCount: number | null;
}

/** What the copy says. Opened for writing, so that its own journal is played back as the browser would do. */
function examine(copy: string, name: string, table: string | null): DatabaseLook {
  let database: DatabaseSync | null = null;
  try {
    database = new DatabaseSync(copy, { enableForeignKeyConstraints: false });
    // Web pages had a hand in what is in there: nothing in its schema may run.
    database.exec('PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON');
    const [answer] = database.prepare('PRAGMA quick_check(1)').all();
    // Other answers quote the schema, and that may quote a page.
    if (answer?.quick_check !== 'ok')
      return { sound: no(`${name}: quick_check finds damage`), rowCount: null };
    const sound = yes(`${name}: quick_check ok`);
    if (table === null) return { sound, rowCount: null };
    const hasTable = database
      .prepare("SELECT 1 FROM sqlite_schema WHERE type = 'table' AND name = ?")
      .get(table);
    const row =
      hasTable === undefined ? { n: 0 } : database.prepare(`SELECT count(*) AS n FROM ${table}`).get();
    return { sound, rowCount: Number(row?.n) };
  } catch (error) {
    const code = sqliteCode(error);
    const sound = BROKEN_CODES.has(code)
      ? no(`${name}: SQLite refuses it, code ${code}`)
      : unknown(`${name}: cannot be checked, SQLite code ${code}`);
    return { sound, rowCount: null };
  } finally {
    database?.close();
  }
}

/** Never opens the database itself: even a reader may leave a journal or a lock behind. */
export function lookAtDatabase(
  directory: string,
  name: string,
  task: { copiesFolder: string; budget: CopyBudget; number: number; table: string | null },
): DatabaseLook {
  const path = join(directory, name);
  const open = (how: string): DatabaseLook => ({ sound: unknown(`${name}: ${how}`), rowCount: null });
  try {
    const before = stateOf(path);
    const copy = join(task.copiesFolder, `${task.number}-${basename(name)}`);
    const failure = copyWhole(path, copy, task.budget);
    if (failure !== null) return open(failure === 'changed' ? 'changed while it was copied' : failure);
    // A torn copy looks damaged and says nothing about the original.
    if (stateOf(path) !== before) return open('changed while it was copied');
    return examine(copy, name, task.table);
  } catch (error) {
    return open(codeOf(error));
  }
}
