// Runs on whatever Node the machine has (18 or newer) and installs what the lock file names, once.
// Everything after it runs on the Node that the lock file pins.
import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const root = fileURLToPath(new URL('..', import.meta.url));
const stamp = `${root}node_modules/.profile-warden-installed`;
const lock = readFileSync(`${root}package-lock.json`);
const hash = createHash('sha256').update(lock).digest('hex');

if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hash) {
  console.error('profile-warden: installing dependencies (npm ci), once per lock file …');
  // Only errors: that this Node is too old for some of them is what the pinned one is there for.
  const args = ['ci', '--no-audit', '--no-fund', '--loglevel=error'];
  const npm = process.env.npm_execpath;
  const [program, ...first] = npm ? [process.execPath, npm] : ['npm'];
  const { status } = spawnSync(program, [...first, ...args], { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) {
    console.error(
      'profile-warden: npm ci failed; its messages are above. Check the network or the npm registry setting.',
    );
    process.exit(1);
  }
  writeFileSync(stamp, hash);
}
