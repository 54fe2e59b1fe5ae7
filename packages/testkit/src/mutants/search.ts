import { execFile } from 'node:child_process';
import { join } from 'node:path';

/** Where the exhaustive search came upon a mutant. */
export interface SearchCatch {
  readonly room: string;
  /** Actions from the room to the violation; none takes fewer. */
  readonly actions: number;
  readonly message: string;
}

interface RoomLine {
  readonly room: string;
  readonly violation: string | null;
  readonly actions: number | null;
}

/** The search goes through its rooms in a few minutes; what takes longer hangs. */
const LIMIT_MS = 900_000;

/**
 * Searches the copy, stopping at the first violation; null where there is none.
 *
 * @throws Error when the search did not come to an end.
 */
export const searchCopy = async (copy: string, signal: AbortSignal): Promise<SearchCatch | null> => {
  const main = join(copy, 'packages/testkit/src/exhaustive/main.ts');
  const output = await outputOf([main, '--first', '--json'], copy, signal);
  const line = output.trimEnd().split('\n').at(-1) ?? '';
  if (!line.startsWith('{"states":')) throw new Error(`the search ended without a count: ${line}`);
  const { rooms } = JSON.parse(line) as { rooms: readonly RoomLine[] };
  for (const { room, violation, actions } of rooms)
    if (violation !== null) return { room, actions: actions ?? 0, message: violation };
  return null;
};

const outputOf = (words: readonly string[], cwd: string, signal: AbortSignal): Promise<string> =>
  new Promise((resolve, reject) => {
    execFile(process.execPath, words, { cwd, signal, timeout: LIMIT_MS }, (error, stdout) => {
      // A violation ends it with 1, which is what is hoped for.
      if (error === null || error.code === 1) resolve(stdout);
      else reject(new Error(`the search of ${cwd} failed`, { cause: error }));
    });
  });
