import { parentPort } from 'node:worker_threads';
import { runSeed } from './seed-report.ts';

/** Runs each seed that it is sent, one after the other, and sends its report. */
parentPort?.on('message', (seed: number) => {
  void runSeed(seed).then(({ report }) => parentPort?.postMessage(report));
});
