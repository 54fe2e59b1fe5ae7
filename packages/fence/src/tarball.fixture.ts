/** For the spec beside this file: packs a copy of the package, and installs the tarball where nothing else is. */
import { execFile } from 'node:child_process';
import { cp, mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const MODULES = join(ROOT, 'node_modules');
/** The pinned Node and the commands of the workspace come first. */
const PATH = [dirname(process.execPath), join(MODULES, '.bin'), process.env['PATH'] ?? ''].join(delimiter);

/** As a careful project sets them; the types of libraries are checked as well. */
const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  module: 'nodenext',
  target: 'es2024',
  types: ['node'],
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
};

export interface Tarball extends AsyncDisposable {
  readonly file: string;
  /** Paths in the tarball. */
  readonly files: readonly string[];
  /** package.json of the packed copy, before and after packing. */
  readonly manifests: readonly [before: string, after: string];
  readonly dir: string;
}

/** `npm pack` in a copy: other tests read the sources of this package while this one runs. */
export async function packFence(): Promise<Tarball> {
  const dir = await mkdtemp(join(tmpdir(), 'profile-warden-pack-'));
  const copy = join(dir, 'packages/fence');
  await mkdir(dirname(copy), { recursive: true });
  await cp(join(ROOT, 'packages/fence'), copy, {
    recursive: true,
    filter: (path) => !/[/\\](node_modules|dist)$/.test(path),
  });
  for (const file of ['tsconfig.json', 'LICENSE', 'scripts/tarball.mjs'])
    await cp(join(ROOT, file), join(dir, file), { recursive: true });
  await symlink(MODULES, join(dir, 'node_modules'));
  const manifest = (): Promise<string> => readFile(join(copy, 'package.json'), 'utf8');
  const before = await manifest();
  const { stdout } = await command(copy, 'npm', ['pack', '--json', '--pack-destination', dir]);
  const [packed] = JSON.parse(stdout) as { filename: string; files: { path: string }[] }[];
  return {
    file: join(dir, packed?.filename ?? ''),
    files: packed?.files.map(({ path }) => path) ?? [],
    manifests: [before, await manifest()],
    dir,
    [Symbol.asyncDispose]: () => rm(dir, { recursive: true, force: true }),
  };
}

export interface Consumer {
  write(name: string, text: string): Promise<void>;
  run(name: string, args: readonly string[], env?: Record<string, string>): Promise<string>;
}

/** A project that has the tarball and nothing else from us; the driver is its own, as it would be. */
export async function installTarball({ file, dir }: Tarball): Promise<Consumer> {
  const home = join(dir, 'consumer');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  await writeFile(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  await command(home, 'npm', ['install', '--offline', '--no-audit', '--no-fund', '--ignore-scripts', file]);
  await mkdir(join(home, 'node_modules/@types'), { recursive: true });
  for (const name of ['pg', '@types/pg', '@types/node'])
    await symlink(join(MODULES, name), join(home, 'node_modules', name));
  return {
    write: (name, text) => writeFile(join(home, name), text),
    run: async (name, args, env = {}) => (await command(home, name, args, env)).stdout,
  };
}

/** Rejects with what the command said, which npm and tsc say on either stream. */
async function command(
  cwd: string,
  name: string,
  args: readonly string[],
  env: Record<string, string> = {},
): Promise<{ stdout: string }> {
  try {
    return await run(name, args, { cwd, env: { ...process.env, ...env, PATH } });
  } catch (error) {
    const { stdout = '', stderr = '' } = error as { stdout?: string; stderr?: string };
    throw new Error(`${name} ${args.join(' ')} failed:\n${stdout}\n${stderr}`, { cause: error });
  }
}
