import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const source = ['packages', 'services', 'apps', 'bench', 'scripts', 'tests'];
const tests = (suffix: string): string[] => source.map((folder) => `${folder}/**/*.${suffix}.ts`);

export default defineConfig({
  test: {
    projects: [
      {
        test: {
          name: 'unit',
          root,
          include: tests('spec'),
          exclude: ['**/node_modules/**', ...tests('int.spec'), ...tests('sim.spec')],
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
          fileParallelism: false,
        },
      },
      { test: { name: 'simulation', root, include: tests('sim.spec'), testTimeout: 120_000 } },
    ],
  },
});
