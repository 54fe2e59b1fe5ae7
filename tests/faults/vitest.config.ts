import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:faults`: real parts, real faults, one after the other; too long for every `npm test`. */
export default defineConfig({
  cacheDir: join(import.meta.dirname, '../../node_modules/.cache/vite-faults'),
  test: {
    name: 'faults',
    include: ['**/*.fault.spec.ts'],
    // They wait for whole leases, and have a command of their own: vitest.worker.config.ts.
    exclude: ['worker-*.fault.spec.ts'],
    root: import.meta.dirname,
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 1,
    reporters: ['verbose'],
  },
});
