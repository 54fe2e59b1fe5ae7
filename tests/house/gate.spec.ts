import { existsSync, mkdtempDisposableSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { type Gate, runGate, runGates } from '../../scripts/gate.ts';

const gate = (name: string, program: string, limitMs = 20_000): Gate => ({
  name,
  args: ['-e', program],
  limitMs,
});

it('passes on exit code 0', async () => {
  const result = await runGate(gate('quiet', ''), tmpdir());
  expect(result).toMatchObject({ name: 'quiet', passed: true, output: '' });
});

it('fails on any other exit code, with what was printed', async () => {
  const result = await runGate(
    gate('red', 'console.log("one"); console.error("two"); process.exit(3)'),
    tmpdir(),
  );
  expect(result.passed).toBe(false);
  expect(result.output.split('\n').sort()).toEqual(['one', 'two']);
});

it('fails when it is ended by a signal', async () => {
  expect((await runGate(gate('shot', 'process.kill(process.pid, "SIGKILL")'), tmpdir())).passed).toBe(false);
});

it('stops one that hangs, and what it started', async () => {
  using folder = mkdtempDisposableSync(join(tmpdir(), 'gate-'));
  const pidFile = join(folder.path, 'pid');
  const program = `
    const { spawn } = require('node:child_process');
    const child = spawn('sleep', ['600']);
    require('node:fs').writeFileSync(${JSON.stringify(pidFile)}, String(child.pid));
    setInterval(() => {}, 1000);`;
  const result = await runGate(gate('hung', program, 3000), tmpdir());
  expect(result).toMatchObject({ passed: false, output: '\nstopped after 3000 ms' });
  const grandchild = `/proc/${readFileSync(pidFile, 'utf8')}/cmdline`;
  for (let turn = 0; turn < 50 && existsSync(grandchild) && readFileSync(grandchild, 'utf8') !== ''; turn++)
    await wait(100);
  expect(existsSync(grandchild) ? readFileSync(grandchild, 'utf8') : '').toBe('');
});

it('goes on behind a red gate and reports each one once', async () => {
  const ended: string[] = [];
  const results = await runGates([gate('a', 'process.exit(1)'), gate('b', ''), gate('c', '')], {
    cwd: tmpdir(),
    width: 2,
    onEnd: ({ name }) => ended.push(name),
  });
  expect(ended.sort()).toEqual(['a', 'b', 'c']);
  expect(results.filter(({ passed }) => !passed).map(({ name }) => name)).toEqual(['a']);
});
