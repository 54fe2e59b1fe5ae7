import { mkdir, open, readFile, rm, stat, utimes } from 'node:fs/promises';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

const BEAT_MS = 2_000;
/** The owner touches its lock every `BEAT_MS`; one that is this old has no living owner, whatever its pid says. */
const STALE_MS = 20_000;
const RETRY_MS = 100;

export type FileLock = { release(): Promise<void> };

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch (error) {
    return codeOf(error) === 'EPERM';
  }
}

async function isStale(path: string): Promise<boolean> {
  try {
    const owner = Number(await readFile(path, 'utf8'));
    const ageMs = Date.now() - (await stat(path)).mtimeMs;
    if (ageMs > STALE_MS) return true;
    // A lock is created empty and then filled: an empty one is younger than its first write.
    return owner > 0 && owner !== process.pid && !isAlive(owner);
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return false;
    throw error;
  }
}

async function tryLock(path: string): Promise<FileLock | undefined> {
  try {
    const file = await open(path, 'wx');
    await file.writeFile(String(process.pid));
    await file.close();
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return undefined;
    throw error;
  }
  const beat = setInterval(() => {
    const now = new Date();
    utimes(path, now, now).catch(() => undefined);
  }, BEAT_MS);
  beat.unref();
  return {
    release: async () => {
      clearInterval(beat);
      await rm(path, { force: true });
    },
  };
}

/**
 * A lock between processes, held by a file. Undefined when another living process kept it for the whole of
 * `boundMs`. Taking over a stale lock is not watertight (two may see the same stale one), so it guards only what
 * two may do at once without harm, at the price of double work.
 */
export async function lockFile(
  path: string,
  boundMs: number,
  onWait: () => void = () => undefined,
): Promise<FileLock | undefined> {
  await mkdir(dirname(path), { recursive: true });
  const endsAt = performance.now() + boundMs;
  let hasWaited = false;
  for (;;) {
    const lock = await tryLock(path);
    if (lock !== undefined) return lock;
    if (await isStale(path)) {
      await rm(path, { force: true });
      continue;
    }
    if (performance.now() >= endsAt) return undefined;
    if (!hasWaited) onWait();
    hasWaited = true;
    await sleep(RETRY_MS);
  }
}
