/**
 * `prepack` and `postpack` of the packages that others install. In the workspace they export their TypeScript sources;
 * a tarball must not, since Node strips no types below node_modules. So for the time of `npm pack` the package has
 * its JavaScript in dist/, and in package.json the exports that publishConfig names. Plain JavaScript, since whoever
 * packs may have an older Node.
 *
 * Packages of the workspace that publishConfig names as bundleDependencies travel inside of the tarball, each as a
 * package in node_modules/, and what they need from outside becomes a dependency of the one that is packed.
 */
import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { basename, join } from 'node:path';

const MANIFEST = 'package.json';
/** What the workspace has; there only while a tarball is made, or where making one was cut short. */
const KEPT = 'package.json.workspace';
const LICENSE = '../../LICENSE';
const NESTED = 'node_modules';

const read = (path) => JSON.parse(readFileSync(path, 'utf8'));
const write = (path, content) => writeFileSync(path, `${JSON.stringify(content, null, 2)}\n`);

/** Where several packages were compiled together, each lies under its folder: puts them where they belong. */
function nest(bundled, exports) {
  if (bundled.length === 0) return {};
  const compiled = 'dist.together';
  rmSync(compiled, { recursive: true, force: true });
  renameSync('dist', compiled);
  renameSync(join(compiled, basename(process.cwd()), 'src'), 'dist');
  const dependencies = {};
  for (const name of bundled) {
    const folder = basename(name);
    const { version, license, dependencies: own = {} } = read(join('..', folder, MANIFEST));
    const home = join(NESTED, name);
    mkdirSync(home, { recursive: true });
    renameSync(join(compiled, folder, 'src'), join(home, 'dist'));
    write(join(home, MANIFEST), { name, version, license, type: 'module', exports: { '.': exports['.'] } });
    dependencies[name] = version;
    for (const [other, range] of Object.entries(own))
      if (!bundled.includes(other)) dependencies[other] = range;
  }
  rmSync(compiled, { recursive: true });
  return dependencies;
}

function unnest(bundled) {
  for (const name of bundled) rmSync(join(NESTED, name), { recursive: true, force: true });
  for (const folder of [...new Set(bundled.map((name) => join(NESTED, name, '..'))), NESTED])
    if (existsSync(folder) && readdirSync(folder).length === 0) rmSync(folder, { recursive: true });
}

function prepack() {
  if (!existsSync(KEPT)) copyFileSync(MANIFEST, KEPT);
  const { scripts, devDependencies, publishConfig, ...manifest } = read(KEPT);
  const bundled = publishConfig.bundleDependencies ?? [];
  rmSync('dist', { recursive: true, force: true });
  unnest(bundled);
  // npm puts the commands of the workspace on the path.
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: ['ignore', 2, 2] });
  const dependencies = { ...manifest.dependencies, ...nest(bundled, publishConfig.exports) };
  if (existsSync(LICENSE)) copyFileSync(LICENSE, 'LICENSE');
  const listed = Object.keys(dependencies).length === 0 ? {} : { dependencies };
  write(MANIFEST, { ...manifest, ...publishConfig, ...listed });
}

function postpack() {
  unnest(read(KEPT).publishConfig.bundleDependencies ?? []);
  rmSync('LICENSE', { force: true });
  rmSync('dist', { recursive: true, force: true });
  renameSync(KEPT, MANIFEST);
}

const steps = { prepack, postpack };
const step = steps[process.argv[2] ?? ''];
if (step === undefined)
  throw new Error(`tarball.mjs wants prepack or postpack, not ${process.argv[2] ?? 'nothing'}`);
step();
