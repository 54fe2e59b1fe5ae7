import { join } from 'node:path';
import { defineConfig } from 'vitest/config';

/** `npm run test:evidence`: real browsers that end in all ways, one after the other; too long for every `npm test`. */
export default defineConfig({
  cacheDir: join(import.meta.dirname, '../../node_modules/.cache/vite-evidence'),
  test: {
    name: 'evidence',
    include: ['**/*.evidence.spec.ts'],
    root: import.meta.dirname,
    testTimeout: 120_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
    reporters: ['verbose'],
    // Each case says in one line what was found and decided.
    disableConsoleIntercept: true,
  },
});
