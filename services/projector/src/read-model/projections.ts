import type { PartitionState } from '@profile-warden/domain';
import type { Clock, LogRecord } from '@profile-warden/events';
import {
  PartitionProjection,
  TrackedProfiles,
  type Changes,
  type OnProjectionSignal,
  type ReadModelStore,
} from '@profile-warden/projection';
import type { Opener } from '@profile-warden/service';

export interface ProjectionsOptions {
  readonly store: ReadModelStore;
  readonly clock: Clock;
  readonly onSignal: OnProjectionSignal;
}

interface Open {
  readonly projection: PartitionProjection;
  readonly profiles: TrackedProfiles;
  readonly controller: AbortController;
}

const NOTHING: Changes = { touched: new Set(), moves: new Map() };

/** The read model of the partitions in hand. */
export class Projections {
  readonly #options: ProjectionsOptions;
  readonly #open = new Map<number, Open>();
  /** Rejects when nothing more can be written: the process should end. */
  readonly failed: Promise<never>;
  #fail: (error: Error) => void = () => undefined;

  constructor(options: ProjectionsOptions) {
    this.#options = options;
    this.failed = new Promise((_, reject) => {
      this.#fail = reject;
    });
    this.failed.catch(() => undefined);
  }

  /** Opens partitions as `base` does, be it with a state restored, and notes what the fold changes in it. */
  opener(base: Opener): Opener {
    return async (partition, range, state, signal) => {
      const stored = await this.#options.store.load(partition);
      if (range.end < stored.nextOffset) {
        const error = new Error(
          `partition ${partition}: the log ends at offset ${range.end}, the read model stands at ${stored.nextOffset}. ` +
            'The log has lost records or is another one.',
        );
        this.#fail(error);
        throw error;
      }
      const opening = await base(partition, range, state, signal);
      const profiles: TrackedProfiles = new TrackedProfiles(
        opening.state.profiles.values(),
        () => tracked.lastRecord?.offset ?? -1,
      );
      const tracked: PartitionState = { ...opening.state, profiles };
      const controller = new AbortController();
      const projection = new PartitionProjection({
        ...this.#options,
        state: tracked,
        stored,
        signal: controller.signal,
        onFailed: (error) => this.#fail(error),
      });
      this.#open.set(partition, { projection, profiles, controller });
      return { ...opening, state: tracked };
    };
  }

  /** What the fold has changed since this was asked last. */
  changes(partition: number): Changes {
    return this.#open.get(partition)?.profiles.take() ?? NOTHING;
  }

  async take(partition: number, records: readonly LogRecord[], changes: Changes): Promise<void> {
    await this.#open.get(partition)?.projection.take(records, changes);
  }

  close(partition: number): void {
    this.#open.get(partition)?.controller.abort();
    this.#open.delete(partition);
  }
}
