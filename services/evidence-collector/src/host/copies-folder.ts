import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const NO_FOLDER = '';

const PREFIX = 'profile-warden-look-';
// No look takes an hour: what is older was left by a collector that was killed.
const LEFT_BEHIND_MS = 3_600_000;

/** Copies hold cookies: those of a killed collector must not lie about until somebody cleans up. */
async function removeLeftBehind(folder: string, nowMs: number): Promise<void> {
  const names = (await readdir(folder)).filter((name) => name.startsWith(PREFIX));
  for (const name of names) {
    const path = join(folder, name);
    try {
      const { uid, mtimeMs } = await stat(path);
      const isMine = uid === process.geteuid?.();
      if (isMine && nowMs - mtimeMs > LEFT_BEHIND_MS) await rm(path, { recursive: true, force: true });
    } catch {
      // Another collector removed it first.
    }
  }
}

async function makeFolder(): Promise<string> {
  try {
    await removeLeftBehind(tmpdir(), Date.now());
    return await mkdtemp(join(tmpdir(), PREFIX));
  } catch {
    return NO_FOLDER;
  }
}

/**
 * A folder only this user can enter (0700), gone afterwards; `NO_FOLDER` where none can be made, which costs the
 * database checks and nothing else.
 */
export async function withCopiesFolder<T>(use: (folder: string) => Promise<T>): Promise<T> {
  const folder = await makeFolder();
  try {
    return await use(folder);
  } finally {
    // A looking process that is being killed may still write: what cannot go now is swept later.
    if (folder !== NO_FOLDER)
      await rm(folder, { recursive: true, force: true, maxRetries: 3 }).catch(() => undefined);
  }
}
