import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

const root = import.meta.dirname;
const shared = { root, testTimeout: 180_000, hookTimeout: 180_000 };
/** Judged by milliseconds, or on three brokers at once: nothing else runs beside them. */
const ALONE = ['cluster', 'leaderless', 'restores', 'transactions'].map((name) => `${name}.fault.spec.ts`);

/** `npm run test:faults`: real parts, real faults. Most of each file is waiting, so two run at a time; the rest by itself. */
export default defineConfig({
  cacheDir: join(root, '../../node_modules/.cache/vite-faults'),
  test: {
    reporters: ['verbose'],
    projects: [
      {
        test: {
          ...shared,
          name: 'faults',
          include: ['**/*.fault.spec.ts'],
          // Those of workers wait for whole leases, and have a command of their own: vitest.worker.config.ts.
          exclude: ['worker-*.fault.spec.ts', ...ALONE],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: { ...shared, name: 'faults-alone', include: ALONE, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
