import type { Clock } from '@profile-warden/events';
import { setTimeout as delay } from 'node:timers/promises';

/** The machine's monotonic clock. */
export const systemClock: Clock = {
  now: () => performance.now(),
  sleep: (ms, signal) => delay(ms, undefined, signal === undefined ? {} : { signal }).catch(() => undefined),
};
