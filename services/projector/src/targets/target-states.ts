import type { Clock } from '@profile-warden/events';
import type { BlockedProfile, FenceTargetState } from '@profile-warden/postgres';
import type { OnProjectorSignal, ProjectorSignal } from '../signals.ts';

/** Where the states are kept for people to look at: the read model. */
export interface TargetStateStore {
  write(states: readonly FenceTargetState[]): Promise<void>;
  remove(): Promise<void>;
}

export interface TargetStatesOptions {
  readonly targets: readonly string[];
  readonly store: TargetStateStore;
  readonly clock: Clock;
  /** Wall clock, epoch ms; what it says is only shown. */
  readonly wallMs: () => number;
  readonly onSignal: OnProjectorSignal;
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] };
interface Seen extends Mutable<Omit<FenceTargetState, 'blocked'>> {
  readonly blocked: Map<string, BlockedProfile & { readonly namedAt: number }>;
}

const WRITE_EVERY_MS = 1_000;
/** Also where nothing has changed, so that a row tells whether its projector still lives. */
const ALIVE_EVERY_MS = 10_000;
const FAILED_PAUSE_MS = 5_000;
const BLOCKED_MAX = 100;
/** A profile that another projector has taken over meanwhile is never freed here. */
const BLOCKED_FORGOTTEN_MS = 120_000;
const ERROR_LENGTH_MAX = 500;

/** How each fence target stands, from the signals of its keeper, and now and then as rows that people can look at. */
export class TargetStates {
  readonly #options: TargetStatesOptions;
  readonly #seen: ReadonlyMap<string, Seen>;
  #isNews = true;

  constructor(options: TargetStatesOptions) {
    this.#options = options;
    const since = options.wallMs();
    this.#seen = new Map(
      options.targets.map((target) => [
        target,
        {
          target,
          isReachable: false,
          since,
          incarnation: null,
          lastError: 'not reached yet',
          pendingCount: 0,
          blocked: new Map(),
        },
      ]),
    );
  }

  get states(): readonly FenceTargetState[] {
    return [...this.#seen.values()].map(({ blocked, ...state }) => ({
      ...state,
      blocked: [...blocked.values()]
        .sort((left, right) => left.since - right.since)
        .map(({ namedAt: _, ...one }) => one),
    }));
  }

  readonly note = (signal: ProjectorSignal): void => {
    const seen = 'target' in signal ? this.#seen.get(signal.target) : undefined;
    if (seen === undefined) return;
    switch (signal.type) {
      case 'target-up':
        this.#turn(seen, true);
        seen.incarnation = signal.incarnation;
        seen.lastError = null;
        break;
      case 'target-down':
        this.#turn(seen, false);
        seen.lastError = textOf(signal.error);
        seen.pendingCount = signal.pendingCount;
        break;
      case 'target-changed':
        seen.incarnation = signal.incarnation;
        break;
      case 'fences-set':
        if (seen.pendingCount === signal.pendingCount) return;
        seen.pendingCount = signal.pendingCount;
        break;
      case 'fence-blocked':
        this.#block(seen, signal);
        break;
      case 'fence-freed':
        seen.blocked.delete(signal.profileId);
        break;
      default:
        return;
    }
    this.#isNews = true;
  };

  /** Writes what is new, at most once a second, until the signal aborts; then takes its rows away. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, store, onSignal } = this.#options;
    const isOver = (): boolean => signal.aborted;
    let writtenAt = -Infinity;
    while (!isOver()) {
      let pauseMs = WRITE_EVERY_MS;
      this.#forget();
      if (this.#isNews || clock.now() - writtenAt >= ALIVE_EVERY_MS) {
        this.#isNews = false;
        try {
          await store.write(this.states);
          writtenAt = clock.now();
        } catch (error) {
          this.#isNews = true;
          pauseMs = FAILED_PAUSE_MS;
          if (!isOver()) onSignal({ type: 'target-state-unwritten', error });
        }
      }
      await clock.sleep(pauseMs, signal);
    }
    // Rows that stay say themselves how old they are.
    await store.remove().catch(() => undefined);
  }

  #turn(seen: Seen, isReachable: boolean): void {
    if (seen.isReachable !== isReachable) seen.since = this.#options.wallMs();
    seen.isReachable = isReachable;
  }

  #block(seen: Seen, signal: Extract<ProjectorSignal, { type: 'fence-blocked' }>): void {
    const { profileId, token, sessions } = signal;
    const now = this.#options.wallMs();
    const since = seen.blocked.get(profileId)?.since ?? now;
    if (seen.blocked.size >= BLOCKED_MAX && !seen.blocked.has(profileId)) return;
    seen.blocked.set(profileId, {
      profileId,
      token,
      since,
      namedAt: now,
      sessions: sessions.map(({ pid, applicationName, userName, openMs }) => ({
        pid,
        applicationName,
        userName,
        since: openMs === null ? null : Math.round(now - openMs),
      })),
    });
  }

  #forget(): void {
    const now = this.#options.wallMs();
    for (const { blocked } of this.#seen.values())
      for (const [profileId, { namedAt }] of blocked)
        if (now - namedAt > BLOCKED_FORGOTTEN_MS) {
          blocked.delete(profileId);
          this.#isNews = true;
        }
  }
}

const textOf = (error: unknown): string => {
  const text = error instanceof Error && error.message !== '' ? error.message : String(error);
  const inner = error instanceof AggregateError ? (error.errors as unknown[]).map(String).join(', ') : '';
  return (inner === '' ? text : inner).slice(0, ERROR_LENGTH_MAX);
};
