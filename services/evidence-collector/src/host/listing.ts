import { codeOf, identityOf } from '@profile-warden/browser-host';
import { createHash } from 'node:crypto';
import { lstatSync, opendirSync, type BigIntStats } from 'node:fs';
import { join } from 'node:path';
import type { ListingReport } from './look-task.ts';

const MAX_ENTRY_COUNT = 20_000;

/** `device:inode` of everything listed: how files are recognised through another mount namespace. */
export interface Listing extends ListingReport {
  readonly identities: ReadonlySet<string>;
}

function kindOf(stats: BigIntStats): string {
  if (stats.isFile()) return 'file';
  if (stats.isDirectory()) return 'folder';
  return stats.isSymbolicLink() ? 'link' : 'special';
}

class Walk {
  readonly lines: string[] = [];
  readonly identities = new Set<string>();
  readonly skipped: string[] = [];
  readonly #root: string;
  bytes = 0n;
  lastWriteNs = 0n;

  constructor(root: string) {
    this.#root = root;
  }

  run(): void {
    const folders = ['.'];
    for (let folder = folders.pop(); folder !== undefined; folder = folders.pop()) {
      if (!this.#list(folder, folders)) {
        this.skipped.push(`more than ${MAX_ENTRY_COUNT} entries`);
        return;
      }
    }
  }

  #list(folder: string, folders: string[]): boolean {
    try {
      const names = opendirSync(join(this.#root, folder));
      try {
        for (let entry = names.readSync(); entry !== null; entry = names.readSync()) {
          if (this.lines.length >= MAX_ENTRY_COUNT) return false;
          const path = join(folder, entry.name);
          if (this.#note(path)) folders.push(path);
        }
      } finally {
        names.closeSync();
      }
    } catch (error) {
      this.#missed(folder, error);
    }
    return true;
  }

  /** True for a folder, which is to be listed too. */
  #note(path: string): boolean {
    try {
      const stats = lstatSync(join(this.#root, path), { bigint: true });
      this.lines.push(`${path}\0${kindOf(stats)}\0${stats.size}\0${stats.mtimeNs}\0${stats.ino}`);
      this.identities.add(identityOf(stats));
      if (stats.isFile()) this.bytes += stats.size;
      if (stats.mtimeNs > this.lastWriteNs) this.lastWriteNs = stats.mtimeNs;
      return stats.isDirectory();
    } catch (error) {
      this.#missed(path, error);
      return false;
    }
  }

  #missed(path: string, error: unknown): void {
    const code = codeOf(error);
    this.lines.push(`${path}\0${code}`);
    // Gone between its name and its stat is a change, which the line above shows, and not a blind spot.
    if (code !== 'ENOENT') this.skipped.push(code);
  }
}

/** Names, sizes and times of the whole directory, bounded; nothing is opened but folders. */
export function listDirectory(directory: string): Listing {
  const walk = new Walk(directory);
  walk.run();
  const complete = walk.skipped.length === 0;
  const hash = createHash('sha256').update(walk.lines.sort().join('\n')).digest('hex');
  const why = complete ? '' : `, not all of them: ${walk.skipped[0] ?? ''}`;
  return {
    hash,
    complete,
    how: `${walk.lines.length} entries${why}`,
    bytes: Number(walk.bytes),
    lastWriteAt: walk.lastWriteNs > 0n ? Number(walk.lastWriteNs / 1_000_000n) : null,
    identities: walk.identities,
  };
}
