import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const source = ['packages', 'services', 'apps', 'examples', 'bench', 'scripts', 'tests'];
const tests = (suffix: string): string[] => source.map((folder) => `${folder}/**/*.${suffix}.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: tests('spec'),
          exclude: [
            '**/node_modules/**',
            ...['int.spec', 'sim.spec', 'fault.spec', 'evidence.spec'].flatMap(tests),
          ],
          // Many wait for processes that they start, not for a core.
          maxWorkers: 4,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          name: 'integration',
          root,
          include: tests('int.spec'),
          exclude: ['**/node_modules/**'],
          globalSetup: ['packages/testkit/src/parts/global-setup.ts'],
          testTimeout: 60_000,
          hookTimeout: 120_000,
          // Each has a topic and a database of its own and mostly waits for what it starts or stops.
          maxWorkers: 2,
          sequence: { groupOrder: 2 },
        },
      },
      {
        test: {
          name: 'simulation',
          root,
          include: tests('sim.spec'),
          exclude: ['**/node_modules/**'],
          testTimeout: 120_000,
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
