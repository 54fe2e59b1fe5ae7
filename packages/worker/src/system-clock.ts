import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerClock } from './ports.ts';

/** The same in every thread of the process, which `performance.now` is not: that counts from the thread's start. */
function monotonicMs(): number {
  const [seconds, nanoseconds] = process.hrtime();
  return seconds * 1_000 + nanoseconds / 1_000_000;
}

export const systemClock: WorkerClock = {
  now: monotonicMs,
  wallNow: () => Date.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
