import type { Clock } from '@profile-warden/events';
import type { ReadModelStore } from '@profile-warden/projection';
import type { OnProjectorSignal } from '../signals.ts';

export interface PreparationOptions {
  /** Brings the read model to the schema of this release. May be called again after a rejection. */
  readonly prepare: () => Promise<void>;
  /** False where no waiting cures the error. */
  readonly mayPass: (error: unknown) => boolean;
  readonly clock: Clock;
  readonly onSignal: OnProjectorSignal;
}

const RETRY_FIRST_MS = 200;
const RETRY_MAX_MS = 5_000;

/**
 * Whether the read model is as this release needs it: *awaited* while its database is away, which holds up nothing else →
 * *ready*, for as long as the process lives.
 */
export class Preparation {
  readonly #options: PreparationOptions;
  #isReady = false;

  constructor(options: PreparationOptions) {
    this.#options = options;
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /** The first try, and whether it went well. Rejects where no waiting cures the error. */
  async begin(): Promise<boolean> {
    const { prepare, mayPass, onSignal } = this.#options;
    try {
      await prepare();
      this.#isReady = true;
    } catch (error) {
      if (!mayPass(error)) throw error;
      onSignal({ type: 'read-model-awaited', error });
    }
    return this.#isReady;
  }

  /** Resolves when it is ready or the signal aborts; rejects as `begin` does. */
  async finish(signal: AbortSignal): Promise<void> {
    const { clock } = this.#options;
    for (let waitMs = RETRY_FIRST_MS; !this.#isReady; waitMs = Math.min(RETRY_MAX_MS, waitMs * 2)) {
      await clock.sleep(waitMs, signal);
      if (signal.aborted) return;
      await this.begin();
    }
  }

  /** Tells nobody where it stands before it is ready; whoever has not been told writes nothing. */
  guarded(store: ReadModelStore): ReadModelStore {
    return {
      ...store,
      load: async (partition) => {
        if (!this.#isReady) throw new Error('the read model is not ready yet');
        return store.load(partition);
      },
    };
  }
}
