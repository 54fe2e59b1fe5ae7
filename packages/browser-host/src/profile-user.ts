import { statSync } from 'node:fs';
import { basename, resolve } from 'node:path';
import { identityOf } from './file-identity.ts';
import {
  argumentsOf,
  isOpenForWriting,
  linkOf,
  openFilesOf,
  ownerOf,
  programOf,
  type OpenFile,
  type ProcessEntry,
} from './process-entry.ts';

/** The directory under which its users are looked for. */
export interface SearchedDirectory {
  /** As the lease writes it, and as it really is. */
  readonly paths: readonly string[];
  /** Null until the directory has answered. */
  readonly identity: string | null;
  readonly identities: ReadonlySet<string>;
  /** Of whom any process that cannot be looked into is suspect; null where only browsers are. */
  readonly suspectUid: number | null;
}

/**
 * How a process is tied to the directory: `uses` it (names it, or writes in it), `may-use` it (reads there, or
 * cannot be looked into and might be a browser), or neither.
 */
export interface Tie {
  readonly tie: 'uses' | 'may-use' | 'none';
  readonly how: string;
  /** A browser's helper process, never a root of its own. */
  readonly isHelper: boolean;
}

const OPTIONS = ['--user-data-dir', '--profile', '-profile'];
const BROWSER_NAME = /chrom|firefox|camoufox|webkit|msedge|brave|opera|vivaldi|electron|headless_shell/i;
const LOOK_PROGRAM = 'look-process.ts';

/** Chromium's and Firefox's children. */
const isHelperWord = (word: string) => word.startsWith('--type=') || word === '-contentproc';

/** Chromium's children overwrite their arguments with one blank-separated line. */
function splitTitle(words: readonly string[]): readonly string[] {
  return words.length === 1 ? (words[0] ?? '').split(/ (?=-)/) : words;
}

/** The directory a browser was told to use, as it was written; null where none was. */
export function profileArgument(words: readonly string[]): string | null {
  const list = splitTitle(words);
  for (const [index, word] of list.entries()) {
    const option = OPTIONS.find((name) => word === name || word.startsWith(`${name}=`));
    if (option !== undefined)
      return word === option ? (list[index + 1] ?? null) : word.slice(option.length + 1);
  }
  return null;
}

const isBelow = (path: string, folders: readonly string[]) =>
  folders.some((folder) => path === folder || path.startsWith(`${folder}/`));

function identityAt(path: string): string | null {
  try {
    return identityOf(statSync(path, { bigint: true }));
  } catch {
    return null;
  }
}

export class ProfileUsers {
  readonly #directory: SearchedDirectory;
  readonly #mountNamespace = linkOf('self', 'ns/mnt');

  constructor(directory: SearchedDirectory) {
    this.#directory = directory;
  }

  tieOf(
    entry: ProcessEntry,
    suspect: {
      isWorker: boolean;
      isNamedByLock: boolean;
      mayStandInIt: boolean;
      /** Whether it holds a lock for writing on a file of the directory. */
      hasLocked: boolean;
    },
  ): Tie {
    const { pid } = entry;
    const words = argumentsOf(pid);
    const argument = words === null ? null : profileArgument(words);
    const isHelper = words !== null && splitTitle(words).some(isHelperWord);
    const who = `pid ${pid} (${entry.name})`;
    const tied = (tie: Tie['tie'], how: string): Tie => {
      const program = tie === 'none' ? null : programOf(pid);
      return { tie, how: `${who} ${how}${program === null ? '' : `, runs ${program}`}`, isHelper };
    };

    const mountNamespace = linkOf(pid, 'ns/mnt');
    const isElsewhere = mountNamespace !== null && mountNamespace !== this.#mountNamespace;
    // A worker may carry the directory among its own arguments without being a browser.
    if (argument !== null && !suspect.isWorker) {
      const named = this.#names(pid, argument, isElsewhere);
      if (named === 'yes') return tied('uses', 'names the directory');
      if (named === 'unknown')
        return tied('may-use', 'names such a path in a mount namespace that cannot be read');
    }
    const files = openFilesOf(pid);
    if (files === null) {
      if (suspect.hasLocked) return tied('uses', 'holds locks on files of it');
      const isBrowser = [entry.name, basename(words?.[0] ?? '')].some((name) => BROWSER_NAME.test(name));
      const { suspectUid } = this.#directory;
      const isSuspect =
        suspect.isNamedByLock || isBrowser || (suspectUid !== null && ownerOf(pid) === suspectUid);
      const isSettled = argument !== null || isHelper || suspect.isWorker;
      return isSuspect && !isSettled ? tied('may-use', 'cannot be looked into') : tied('none', '');
    }
    const held = files.filter((file) => this.#holds(pid, file, isElsewhere));
    if (held.some((file) => isOpenForWriting(pid, file))) return tied('uses', 'has files of it open');
    if (suspect.mayStandInIt && isBelow(linkOf(pid, 'cwd') ?? '', this.#directory.paths)) {
      return tied('uses', 'stands in it and was started by the worker');
    }
    // Another collector that looks at the same time.
    if (held.length === 0 || (words !== null && basename(words[1] ?? '') === LOOK_PROGRAM))
      return tied('none', '');
    return tied('may-use', 'reads files of it');
  }

  /** Whether it has files of the directory open for writing. False where its open files may not be seen. */
  writesIn(pid: number): boolean {
    const mountNamespace = linkOf(pid, 'ns/mnt');
    const isElsewhere = mountNamespace !== null && mountNamespace !== this.#mountNamespace;
    const files = openFilesOf(pid) ?? [];
    return files.some((file) => this.#holds(pid, file, isElsewhere) && isOpenForWriting(pid, file));
  }

  #names(pid: number, argument: string, isElsewhere: boolean): 'yes' | 'no' | 'unknown' {
    const path = argument.startsWith('/') ? resolve(argument) : resolve(linkOf(pid, 'cwd') ?? '/', argument);
    if (!isElsewhere) {
      // A path that leads here over links shows in the open files; following it could hang on a mount of others.
      return this.#directory.paths.includes(path) ? 'yes' : 'no';
    }
    const identity = identityAt(`/proc/${pid}/root${path}`);
    if (identity !== null && this.#directory.identity !== null) {
      return identity === this.#directory.identity ? 'yes' : 'no';
    }
    return this.#directory.paths.includes(path) ? 'unknown' : 'no';
  }

  /** The same path is another file in another mount namespace: there only device and inode count. */
  #holds(pid: number, file: OpenFile, isElsewhere: boolean): boolean {
    if (!isElsewhere) return isBelow(file.path, this.#directory.paths);
    if (this.#directory.identities.size === 0) return false;
    const identity = identityAt(`/proc/${pid}/fd/${file.number}`);
    return identity !== null && this.#directory.identities.has(identity);
  }
}
