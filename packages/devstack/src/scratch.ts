/** For the specs of this package: folders that go away, and programs that pretend to be others. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type Scratch = Disposable & { dir: string };

export function scratch(): Scratch {
  const dir = mkdtempSync(join(tmpdir(), 'devstack-spec-'));
  return { dir, [Symbol.dispose]: () => rmSync(dir, { recursive: true, force: true }) };
}

/** Puts a shell script in place of a program; answers an environment whose PATH holds nothing else. */
export function fakeProgram(dir: string, name: string, script: string): NodeJS.ProcessEnv {
  writeFileSync(join(dir, name), `#!/bin/sh\n${script}\n`, { mode: 0o755 });
  return { PATH: dir };
}

export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
