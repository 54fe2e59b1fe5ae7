import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:worker`: many real worker processes, and faults that last as long as a lease. */
export default defineConfig({
  cacheDir: join(import.meta.dirname, '../../node_modules/.cache/vite-worker'),
  test: {
    name: 'worker',
    include: ['worker-*.fault.spec.ts'],
    root: import.meta.dirname,
    testTimeout: 400_000,
    hookTimeout: 240_000,
    maxWorkers: 1,
    reporters: ['verbose'],
  },
});
