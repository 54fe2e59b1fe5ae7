import { createHash } from 'node:crypto';
import { canonicalState } from '@profile-warden/domain';
import type { Clock } from '@profile-warden/events';
import type { FoldAndPay } from '../runtime/fold-and-pay.ts';
import type { RuntimeSignals, SignalHub } from '../runtime/signals.ts';
import { Liveness, type ReadVitals } from './liveness.ts';
import type { FoldedState, Health } from './http.ts';

/** Offsets up to which the brokers have told about a partition. */
interface Marks {
  /** First offset that is hidden by a transaction not ended yet. */
  readonly stable: number;
  /** Offset the next record gets. */
  readonly high: number;
}

/** What can be seen of a reader from outside. */
export interface ReaderVitals {
  watermarks(): ReadonlyMap<number, Marks>;
  /** Of all that is ours. */
  reads(): ReadonlyMap<number, ReadVitals>;
  /** Null for a reader that is no member yet, or none any more: one that has failed owns nothing and is not ready. */
  readonly confirmedAgoMs: number | null;
  /** Partitions that are ours, those included of which the runtime does not know yet. */
  readonly ownedCount: number;
}

type Restoring = RuntimeSignals['restoring'];

/**
 * What a service tells of itself while it runs. *Starting* (alive, not ready) until `watch` is told what to look at.
 */
export class ServiceHealth implements Health {
  readonly #clock: Clock;
  readonly #stallMs: number;
  readonly #restoring = new Map<number, Restoring>();
  #runtime: FoldAndPay | null = null;
  #liveness: Liveness | null = null;
  #reader: ReaderVitals | null = null;
  #isEquipped: () => boolean = () => true;

  constructor(clock: Clock, stallMs: number) {
    this.#clock = clock;
    this.#stallMs = stallMs;
  }

  /** Resolves when the signal aborts. */
  watch(runtime: FoldAndPay, reader: ReaderVitals, hub: SignalHub, signal: AbortSignal): Promise<void> {
    this.#runtime = runtime;
    this.#reader = reader;
    hub.subscribe({
      restoring: (about) => this.#restoring.set(about.partition, about),
      'caught-up': ({ partition }) => this.#restoring.delete(partition),
      revoked: ({ partition }) => this.#restoring.delete(partition),
    });
    this.#liveness = new Liveness({
      clock: this.#clock,
      stallMs: this.#stallMs,
      vitals: {
        partitions: () => runtime.progress,
        readable: () => this.#marks(({ stable }) => stable),
        reads: () => reader.reads(),
        confirmedAgoMs: () => reader.confirmedAgoMs,
      },
    });
    return this.#liveness.run(signal);
  }

  /** What beside the partitions has to be so before it is ready. */
  needs(isEquipped: () => boolean): void {
    this.#isEquipped = isEquipped;
  }

  readonly stalls = (): readonly string[] => this.#liveness?.stalls() ?? [];

  /** Joined, and whatever is ours is live and read; where there are more instances than partitions that may be nothing. */
  readonly isReady = (): boolean => {
    if (this.#runtime === null || this.#reader === null || this.#reader.confirmedAgoMs === null) return false;
    if (!this.#isEquipped()) return false;
    const { progress } = this.#runtime;
    return (
      progress.length === this.#reader.ownedCount &&
      progress.every(({ standing }) => standing === 'live') &&
      this.#liveness?.unread().size === 0
    );
  };

  readonly details = (): unknown => {
    const leaderless = this.#leaderless();
    const inHand = (this.#runtime?.progress ?? []).map((at) => {
      const restoring = this.#restoring.get(at.partition);
      const { phase, done, of } = restoring ?? {};
      return {
        ...at,
        ...(leaderless.delete(at.partition) ? { isLeaderless: true } : {}),
        ...(restoring === undefined ? {} : { restoring: { phase, done, of } }),
      };
    });
    return [...inHand, ...[...leaderless].map((partition) => ({ partition, isLeaderless: true }))];
  };

  readonly states = (): readonly FoldedState[] =>
    [...(this.#runtime?.views() ?? [])].map(({ state }) => ({
      partition: state.partition,
      nextOffset: state.nextOffset,
      hash: createHash('sha256').update(canonicalState(state)).digest('hex'),
    }));

  /** End of the log of each partition that is read, for the lag. */
  readonly ends = (): ReadonlyMap<number, number> => this.#marks(({ high }) => high);

  /** Partitions of ours that no broker leads, those included of which the runtime does not know yet. */
  #leaderless(): Set<number> {
    const reads = [...(this.#reader?.reads() ?? [])];
    return new Set(reads.filter(([, { isLed }]) => !isLed).map(([partition]) => partition));
  }

  #marks(of: (marks: Marks) => number): ReadonlyMap<number, number> {
    return new Map(
      [...(this.#reader?.watermarks() ?? [])].map(([partition, marks]) => [partition, of(marks)]),
    );
  }
}
