import { spawnSync } from 'node:child_process';
import { existsSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { lockFile } from './file-lock.ts';
import { scratch } from './scratch.ts';

it('is held by one at a time, and let go', async () => {
  using place = scratch();
  const path = join(place.dir, 'lock');
  const first = await lockFile(path, 0);
  expect(await lockFile(path, 150)).toBeUndefined();
  await first?.release();
  expect(await lockFile(path, 0)).toBeDefined();
});

it('is taken over from an owner that is dead', async () => {
  using place = scratch();
  const path = join(place.dir, 'lock');
  writeFileSync(path, String(spawnSync('true').pid));
  expect(await lockFile(path, 0)).toBeDefined();
});

it('is taken over from an owner that no longer touches it, whoever has its pid now', async () => {
  using place = scratch();
  const path = join(place.dir, 'lock');
  writeFileSync(path, String(process.ppid));
  expect(await lockFile(path, 0)).toBeUndefined();
  utimesSync(path, new Date(0), new Date(0));
  const lock = await lockFile(path, 0);
  await lock?.release();
  expect(existsSync(path)).toBe(false);
});
