import { parentPort } from 'node:worker_threads';
import { runSeed } from './seed-report.ts';

// Requests fail by the hundred in each run, and nobody reads their stacks; a seed that is run alone has them.
Error.stackTraceLimit = 0;

/** Runs each seed that it is sent, one after the other, and sends its report. */
parentPort?.on('message', (seed: number) => {
  void runSeed(seed).then(({ report }) => parentPort?.postMessage(report));
});
