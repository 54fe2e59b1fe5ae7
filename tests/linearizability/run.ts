/**
 * `npm run test:linearizability`: the checker's own tests, then histories of the simulation and of the real parts before
 * it. Unlike `npm test` it does not leave out what cannot run here: without Go it fails.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { whyNoChecker } from './checker.fixture.ts';

const ROOT = join(import.meta.dirname, '../..');
const VITEST = join(ROOT, 'node_modules/vitest/vitest.mjs');

const passes = (command: string, args: readonly string[], cwd: string): boolean => {
  const { status, error } = spawnSync(command, args, { cwd, stdio: 'inherit' });
  if (error !== undefined) process.stderr.write(`${command}: ${error.message}\n`);
  return status === 0;
};

const reason = whyNoChecker();
if (reason !== null) {
  process.stderr.write(`test:linearizability: ${reason}. See https://go.dev/doc/install\n`);
  process.exit(1);
}
const projects = ['--project', 'simulation', '--project', 'integration'];
const isSound =
  passes('go', ['vet', './...'], import.meta.dirname) &&
  passes('go', ['test', './...'], import.meta.dirname) &&
  passes(process.execPath, [VITEST, 'run', ...projects, 'tests/linearizability'], ROOT);
process.exitCode = isSound ? 0 : 1;
