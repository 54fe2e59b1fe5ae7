import { setTimeout as sleep } from 'node:timers/promises';

/** Asks until the answer is yes or the time is over; says which of the two it was. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  boundMs: number,
  intervalMs = 50,
): Promise<boolean> {
  const endsAt = performance.now() + boundMs;
  for (;;) {
    if (await condition()) return true;
    if (performance.now() >= endsAt) return false;
    await sleep(intervalMs);
  }
}

/** The value, or undefined when it did not come in time. The timer never keeps the process alive. */
export async function within<T>(value: Promise<T>, boundMs: number): Promise<T | undefined> {
  const timer = new AbortController();
  const late = sleep(boundMs, undefined, { signal: timer.signal }).catch(() => undefined);
  try {
    return await Promise.race([value, late]);
  } finally {
    timer.abort();
  }
}
