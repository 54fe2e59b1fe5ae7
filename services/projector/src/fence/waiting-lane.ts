import type { Clock } from '@profile-warden/events';
import type { FenceChange } from '@profile-warden/postgres';
import type { OnProjectorSignal } from '../signals.ts';
import type { FenceGateway } from './gateway.ts';

export interface WaitingLaneOptions {
  readonly target: string;
  readonly gateway: FenceGateway;
  readonly clock: Clock;
  readonly onSignal: OnProjectorSignal;
  /** `met`: the database that was known when the wait began. */
  readonly onSet: (change: FenceChange, met: string) => Promise<void>;
  /** A place has become free. */
  readonly onIdle: () => void;
}

/** Connections that may wait for writers at once. Whoever finds no place is tried without waiting, ten times a second. */
const PLACES = 4;
/** Longest wait for a row, in ms; then somebody else may wait. */
const LOCK_TIMEOUT_MS = 1_000;
/** A writer that does not end is named this often per profile, in ms. */
const NAME_EVERY_MS = 10_000;
const NAMED_MAX = 1_000;

/** Waits for rows that writers hold, a few at a time, and says who they are. */
export class WaitingLane {
  readonly #options: WaitingLaneOptions;
  readonly #waiting = new Set<string>();
  readonly #namedAt = new Map<string, number>();

  constructor(options: WaitingLaneOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#waiting.size;
  }

  has(profileId: string): boolean {
    return this.#waiting.has(profileId);
  }

  /** The row is set: nobody is in its way any more. */
  freed(profileId: string): void {
    const { onSignal, target } = this.#options;
    if (this.#namedAt.delete(profileId)) onSignal({ type: 'fence-freed', target, profileId });
  }

  offer(change: FenceChange, met: string, signal: AbortSignal): void {
    if (signal.aborted || this.#waiting.size >= PLACES || this.has(change.profileId)) return;
    this.#waiting.add(change.profileId);
    void this.#wait(change, met).finally(() => {
      this.#waiting.delete(change.profileId);
      this.#options.onIdle();
    });
  }

  async #wait(change: FenceChange, met: string): Promise<void> {
    const { gateway, onSet, onSignal, target } = this.#options;
    const { profileId, token } = change;
    try {
      const isSet = await gateway.wait(change, {
        lockTimeoutMs: LOCK_TIMEOUT_MS,
        onBlocked: (sessions) => {
          if (this.#isTimeToName(profileId))
            onSignal({ type: 'fence-blocked', target, profileId, token, sessions });
        },
      });
      if (isSet) await onSet(change, met);
    } catch {
      // The change is still pending; the next pass meets the same error and reports it.
    }
  }

  #isTimeToName(profileId: string): boolean {
    const now = this.#options.clock.now();
    if (now - (this.#namedAt.get(profileId) ?? -Infinity) < NAME_EVERY_MS) return false;
    if (this.#namedAt.size >= NAMED_MAX) this.#namedAt.clear();
    this.#namedAt.set(profileId, now);
    return true;
  }
}
