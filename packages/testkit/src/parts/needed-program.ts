import { existsSync } from 'node:fs';
import { describe, it } from 'vitest';

/** Tests that need a program of the machine, by its path. Where it is missing, one test in their place says so. */
export const describeWith = (program: string, title: string, tests: () => void): void => {
  if (existsSync(program)) describe(title, tests);
  else it(title, ({ skip }) => skip(`needs ${program}`));
};
