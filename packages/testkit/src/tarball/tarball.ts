import { cp, mkdir, mkdtemp, readFile, readdir, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { MODULES, ROOT, command } from './command.ts';

const SCOPE = '@profile-warden';

export interface Tarball extends AsyncDisposable {
  readonly file: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  /** package.json of the packed copy, before and after packing. */
  readonly manifests: readonly [before: string, after: string];
  /** What was left beside package.json and the sources, such as a folder that packing had made. */
  readonly leftBehind: readonly string[];
  /** Temporary, removed with this. */
  readonly dir: string;
}

/**
 * `npm pack` in a copy of the package and of those that it bundles, by their folders under packages/: other tests read the
 * sources while this one runs, and a package that is being packed is not what it was.
 */
export async function packPackage(folder: string, bundled: readonly string[] = []): Promise<Tarball> {
  const dir = await mkdtemp(join(tmpdir(), 'profile-warden-pack-'));
  // Apart from where the tarball is installed later: whatever lies above that is found from there.
  const workspace = join(dir, 'workspace');
  for (const one of [folder, ...bundled])
    await cp(join(ROOT, 'packages', one), join(workspace, 'packages', one), {
      recursive: true,
      filter: (path) => !/[/\\](node_modules|dist)$/.test(path),
    });
  for (const file of ['tsconfig.json', 'LICENSE', 'scripts/tarball.mjs'])
    await cp(join(ROOT, file), join(workspace, file), { recursive: true });
  await linkModules(workspace, [folder, ...bundled]);
  const copy = join(workspace, 'packages', folder);
  const manifest = (): Promise<string> => readFile(join(copy, 'package.json'), 'utf8');
  const [before, entries] = [await manifest(), await readdir(copy)];
  const stdout = await command(copy, 'npm', ['pack', '--json', '--pack-destination', dir]);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  return {
    file: join(dir, packed?.filename ?? ''),
    files: packed?.files.map(({ path }) => path) ?? [],
    manifests: [before, await manifest()],
    leftBehind: (await readdir(copy)).filter((entry) => !entries.includes(entry)),
    dir,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

/** The modules of the workspace, but for its own packages: those are the copies. */
async function linkModules(workspace: string, folders: readonly string[]): Promise<void> {
  const modules = join(workspace, 'node_modules');
  await mkdir(join(modules, SCOPE), { recursive: true });
  for (const name of await readdir(MODULES))
    if (name !== SCOPE) await symlink(join(MODULES, name), join(modules, name));
  for (const folder of folders)
    await symlink(join(workspace, 'packages', folder), join(modules, SCOPE, folder));
}

/** Names of the packages from elsewhere that the tarball needs, and of all that these need in turn. */
export async function neededBy({ file, dir }: Tarball): Promise<readonly string[]> {
  type Manifest = { dependencies?: object; bundleDependencies?: readonly string[] };
  const text = await command(dir, 'tar', ['-xzOf', file, 'package/package.json']);
  const { dependencies = {}, bundleDependencies = [] } = JSON.parse(text) as Manifest;
  const waiting = Object.keys(dependencies).filter((name) => !bundleDependencies.includes(name));
  const needed = new Set<string>();
  for (let name = waiting.pop(); name !== undefined; name = waiting.pop()) {
    if (needed.has(name)) continue;
    needed.add(name);
    const manifest = JSON.parse(await readFile(join(MODULES, name, 'package.json'), 'utf8')) as Manifest;
    waiting.push(...Object.keys(manifest.dependencies ?? {}));
  }
  return [...needed];
}

/** Copies of modules of the workspace. */
export async function copyModules(names: readonly string[], home: string): Promise<void> {
  for (const name of names) {
    const path = join(home, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await cp(join(MODULES, name), path, { recursive: true });
  }
}
