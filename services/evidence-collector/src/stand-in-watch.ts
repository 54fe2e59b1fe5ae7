import type { Clock } from '@profile-warden/events';

export interface StandInWatchOptions {
  /** Whether a collector of scope `any` runs. Rejects where that cannot be told. */
  readonly isThere: () => Promise<boolean>;
  readonly clock: Clock;
  /** Told each time that none was found. */
  readonly onMissing: () => void;
}

/** Processes that are started together find each other. */
const FIRST_MS = 15_000;
const EVERY_MS = 60_000;

/**
 * Looks, soon after the start and every minute, for a collector that speaks for hosts which are silent: without one the
 * cases of a lost host would wait for ever, and nobody would be asked. Ends when the signal aborts.
 */
export const watchForStandIn = async (
  { isThere, clock, onMissing }: StandInWatchOptions,
  signal: AbortSignal,
): Promise<void> => {
  await clock.sleep(FIRST_MS, signal);
  while (!signal.aborted) {
    // Brokers that do not answer are told elsewhere.
    if (!(await isThere().catch(() => true))) onMissing();
    await clock.sleep(EVERY_MS, signal);
  }
};
