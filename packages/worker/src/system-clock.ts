import { setTimeout as delay } from 'node:timers/promises';
import type { WorkerClock } from './ports.ts';

export const systemClock: WorkerClock = {
  now: () => performance.now(),
  wallNow: () => Date.now(),
  async sleep(ms, signal) {
    await delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
  },
};
