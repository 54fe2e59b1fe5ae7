import type { Clock, LogRecord } from '@profile-warden/events';
import type { Changes, ReadModelStore, StoredPosition, TrackedProfiles } from '@profile-warden/projection';
import type { Opener } from '@profile-warden/service';
import type { OnProjectorSignal } from '../signals.ts';
import { FollowedPartition, assertCovers } from './followed-partition.ts';
import type { ReadLog } from './second-fold.ts';
import { tracked } from './tracked-state.ts';

export interface ProjectionsOptions {
  readonly store: ReadModelStore;
  readonly readLog: ReadLog;
  readonly clock: Clock;
  readonly onSignal: OnProjectorSignal;
}

interface Open {
  readonly followed: FollowedPartition;
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
      const stored = await this.#stored(partition, range.start);
      if (stored !== null) assertCovers(partition, range.end, stored);
      const opening = await base(partition, range, state, signal);
      const { state: served, profiles } = tracked(opening.state);
      const controller = new AbortController();
      const followed = new FollowedPartition({
        ...this.#options,
        state: served,
        range,
        stored,
        opener: base,
        signal: controller.signal,
        onFailed: (error) => this.#fail(error),
      });
      this.#open.set(partition, { followed, profiles, controller });
      return { ...opening, state: served };
    };
  }

  /** What the fold has changed since this was asked last. */
  changes(partition: number): Changes {
    return this.#open.get(partition)?.profiles.take() ?? NOTHING;
  }

  /** Resolves within about 2 s, whatever the read model does. */
  async take(partition: number, records: readonly LogRecord[], changes: Changes): Promise<void> {
    await this.#open.get(partition)?.followed.take(records, changes);
  }

  close(partition: number): void {
    const open = this.#open.get(partition);
    if (open === undefined) return;
    open.controller.abort();
    this.#open.delete(partition);
    this.#options.onSignal({ type: 'read-model-left', partition });
  }

  /** Null where the read model cannot be asked now, and the log has everything: then the fold need not wait for it. */
  async #stored(partition: number, logStart: number): Promise<StoredPosition | null> {
    try {
      return await this.#options.store.load(partition);
    } catch (error) {
      if (logStart > 0) throw error;
      return null;
    }
  }
}
