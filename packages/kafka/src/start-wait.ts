import type { Clock } from '@profile-warden/events';
import { KafkaSetupError } from './setup-error.ts';

export interface StartWaitOptions {
  readonly clock: Clock;
  /** Ends the wait; it then rejects with the reason of the signal. */
  readonly signal: AbortSignal;
  /** Told each time it waits for something else than before. */
  readonly onWait: (error: KafkaSetupError) => void;
  /** Ms after which it is given up, with the error of the last try. Default 300,000. */
  readonly msMax?: number;
}

const START_MS_MAX = 300_000;
const AGAIN_FIRST_MS = 100;
const AGAIN_MAX_MS = 2_000;

/**
 * What a start needs, as soon as it is there: services, brokers, registry and the deploy step may come in any order.
 * What no waiting can cure, such as a topic with another number of partitions, is thrown at once.
 */
export const onceThere = async <T>(work: () => Promise<T>, options: StartWaitOptions): Promise<T> => {
  const { clock, signal, onWait, msMax = START_MS_MAX } = options;
  const until = clock.now() + msMax;
  let told: string | null = null;
  for (let waitMs = AGAIN_FIRST_MS; ; waitMs = Math.min(AGAIN_MAX_MS, waitMs * 2)) {
    signal.throwIfAborted();
    try {
      return await work();
    } catch (error) {
      if (!(error instanceof KafkaSetupError && error.comesLater) || clock.now() >= until) throw error;
      if (error.code !== told) onWait(error);
      told = error.code;
      await clock.sleep(waitMs, signal);
    }
  }
};
