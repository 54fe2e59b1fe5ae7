import { mkdir, symlink, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { MODULES, command } from './command.ts';
import { copyModules, neededBy, type Tarball } from './tarball.ts';

/** As a careful project sets them; the types of libraries are checked as well. */
const COMPILER_OPTIONS = {
  noEmit: true,
  strict: true,
  module: 'nodenext',
  target: 'es2024',
  lib: ['es2024', 'esnext.disposable', 'dom', 'dom.iterable'],
  types: ['node'],
  exactOptionalPropertyTypes: true,
  skipLibCheck: false,
};

export interface Consumer {
  write(name: string, text: string): Promise<void>;
  /** Resolves with what it printed. */
  run(name: string, args: readonly string[], env?: Readonly<Record<string, string>>): Promise<string>;
}

/**
 * An empty project that installs the tarball without a registry: what it needs from elsewhere lies there already, as the
 * workspace has it. `own` are modules that such a project would have for itself, such as a driver.
 */
export async function installTarball(tarball: Tarball, own: readonly string[]): Promise<Consumer> {
  const home = join(tarball.dir, 'consumer');
  await mkdir(home);
  await writeFile(join(home, 'package.json'), JSON.stringify({ name: 'consumer', type: 'module' }));
  await writeFile(join(home, 'tsconfig.json'), JSON.stringify({ compilerOptions: COMPILER_OPTIONS }));
  await copyModules(await neededBy(tarball), home);
  const quiet = ['--offline', '--no-audit', '--no-fund', '--ignore-scripts'];
  await command(home, 'npm', ['install', ...quiet, tarball.file]);
  for (const name of own) {
    const path = join(home, 'node_modules', name);
    await mkdir(dirname(path), { recursive: true });
    await symlink(join(MODULES, name), path).catch(() => undefined);
  }
  return {
    write: (name, text) => writeFile(join(home, name), text),
    run: (name, args, env) => command(home, name, args, env),
  };
}
