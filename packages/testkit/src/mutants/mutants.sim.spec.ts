import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { applyMutant, copyTree } from './mutant-tree.ts';

const SEEDS = 60;

describe('the simulation of a tree with something wrong in it', () => {
  let copy = '';

  beforeAll(async () => {
    copy = await mkdtemp(join(tmpdir(), 'warden-mutant-'));
    await copyTree(copy);
    await applyMutant('late-heartbeat-heals', copy);
  });
  afterAll(() => rm(copy, { recursive: true, force: true }));

  const simulate = (
    ...words: readonly string[]
  ): Promise<{ readonly code: unknown; readonly lines: string[] }> =>
    new Promise((resolve) => {
      const main = join(copy, 'packages/testkit/src/simulation/main.ts');
      execFile(process.execPath, [main, ...words], { cwd: copy, timeout: 150_000 }, (error, stdout) =>
        resolve({ code: error?.code ?? 0, lines: stdout.trimEnd().split('\n') }),
      );
    });

  it(
    'finds it, tells it with the faults that it takes, and again by the command that it names',
    { timeout: 320_000 },
    async () => {
      const first = await simulate('--seeds', String(SEEDS), '--stop-at-first', '--threads', '2');
      expect(first.code).toBe(1);
      const failure = first.lines.find((line) => line.startsWith('seed ')) ?? '';
      expect(failure).toMatch(/^seed \d+: I7: Heartbeat at \d+ moved the profile$/);

      const told = first.lines.findIndex((line) => line.startsWith('the shortest story found'));
      const again = first.lines.findIndex((line) => line.startsWith('again: npm run sim -- '));
      const story = first.lines.slice(told + 1, again);
      expect(story.at(-1)).toMatch(/^I7: Heartbeat at \d+ moved the profile$/);
      expect(story.join('\n')).toMatch(/ lease-authority: Quarantined token \d+, round 1, cause \S+/);
      const faults = story.filter((line) => line.includes('FAULT '));
      expect(faults.length).toBeLessThan(6);

      const words = (first.lines[again] ?? '').replace('again: npm run sim -- ', '').split(' ');
      const second = await simulate(...words);
      expect(second.code).toBe(1);
      expect(second.lines.find((line) => line.startsWith('seed '))).toContain(story.at(-1));
      for (const line of story) expect(second.lines.join('\n')).toContain(line);
    },
  );
});
