import { parentPort } from 'node:worker_threads';
import type { SeedReport } from './seed-report.ts';

/** Stands for the simulation: late for some seeds, and wrong for those that are named by what goes wrong. */
const HANGS = 13;
const DIES = 14;
const FAILS = 15;

parentPort?.on('message', (seed: number) => {
  if (seed === HANGS) for (;;);
  if (seed === DIES) process.exit(3);
  const failure = seed === FAILS ? { invariant: 'I3', message: 'I3: two owners', atMs: 900 } : null;
  const report: SeedReport = { seed, steps: 2, records: seed, seen: [['acts', 1]], failure };
  setTimeout(() => parentPort?.postMessage(report), (seed * 7) % 11);
});
