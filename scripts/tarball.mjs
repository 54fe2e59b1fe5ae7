/**
 * `prepack` and `postpack` of the packages that others install. In the workspace they export their TypeScript sources;
 * a tarball must not, since Node strips no types below node_modules. So for the time of `npm pack` the package has
 * its JavaScript in dist/, and in package.json the exports that publishConfig names. Plain JavaScript, since whoever
 * packs may have an older Node.
 */
import { execFileSync } from 'node:child_process';
import { copyFileSync, existsSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';

const MANIFEST = 'package.json';
/** What the workspace has; there only while a tarball is made, or where making one was cut short. */
const KEPT = 'package.json.workspace';
const LICENSE = '../../LICENSE';

function prepack() {
  if (!existsSync(KEPT)) copyFileSync(MANIFEST, KEPT);
  const { scripts, devDependencies, publishConfig, ...manifest } = JSON.parse(readFileSync(KEPT, 'utf8'));
  rmSync('dist', { recursive: true, force: true });
  // npm puts the commands of the workspace on the path.
  execFileSync('tsc', ['-p', 'tsconfig.build.json'], { stdio: ['ignore', 2, 2] });
  if (existsSync(LICENSE)) copyFileSync(LICENSE, 'LICENSE');
  writeFileSync(MANIFEST, `${JSON.stringify({ ...manifest, ...publishConfig }, null, 2)}\n`);
}

function postpack() {
  rmSync('LICENSE', { force: true });
  rmSync('dist', { recursive: true, force: true });
  renameSync(KEPT, MANIFEST);
}

const steps = { prepack, postpack };
const step = steps[process.argv[2] ?? ''];
if (step === undefined)
  throw new Error(`tarball.mjs wants prepack or postpack, not ${process.argv[2] ?? 'nothing'}`);
step();
