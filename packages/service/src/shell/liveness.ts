import type { Clock } from '@profile-warden/events';
import type { PartitionProgress } from '../runtime/fold-and-pay.ts';

export interface Vitals {
  /** Every partition in hand. */
  readonly partitions: () => readonly PartitionProgress[];
  /** By partition, the offset up to which its log can be read, as the brokers have told last. */
  readonly readable: () => ReadonlyMap<number, number>;
  /** Ms since the group has confirmed us last; null before it has for the first time. */
  readonly confirmedAgoMs: () => number | null;
}

export interface LivenessOptions {
  readonly vitals: Vitals;
  readonly clock: Clock;
  /** Ms without progress after which the service counts as stuck. */
  readonly stallMs: number;
}

const GROUP = 'group';

interface Mark {
  readonly value: number;
  readonly atMs: number;
}

/**
 * Whether the service still makes progress. It does as long as each partition in hand is folded to the end of what can be
 * read or has moved within `stallMs`, and the group has answered a heartbeat within it. So one that idles is alive, and
 * one whose brokers are away for less than `stallMs` too. A process whose event loop is blocked answers nobody, which a
 * supervisor takes for the same; time in which the process was stopped counts for nothing.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #marks = new Map<number | typeof GROUP, Mark>();
  #awakeMs = 0;
  #sampledAt: number;

  constructor(options: LivenessOptions) {
    this.#options = options;
    this.#sampledAt = options.clock.now();
  }

  /** Samples until the signal aborts. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#sample();
      await this.#options.clock.sleep(this.#everyMs, signal);
    }
  }

  /** What does not move any more; empty: alive. */
  stalls(): readonly string[] {
    this.#sample();
    const { vitals, stallMs } = this.#options;
    const found: string[] = [];
    for (const [key, { atMs }] of this.#marks) {
      const stillMs = this.#awakeMs - atMs;
      if (stillMs <= stallMs) continue;
      const at = vitals.partitions().find(({ partition }) => partition === key);
      found.push(
        at === undefined
          ? `no heartbeat of the group for ${Math.round(stillMs)} ms`
          : `partition ${at.partition} is ${at.standing} at offset ${at.nextOffset} for ${Math.round(stillMs)} ms`,
      );
    }
    return found;
  }

  get #everyMs(): number {
    return this.#options.stallMs / 20;
  }

  #sample(): void {
    const { clock, vitals } = this.#options;
    const now = clock.now();
    this.#awakeMs += Math.min(now - this.#sampledAt, 2 * this.#everyMs);
    this.#sampledAt = now;
    const readable = vitals.readable();
    const inHand = vitals.partitions();
    for (const { partition, nextOffset, standing } of inHand) {
      const isThrough = standing === 'live' && nextOffset >= (readable.get(partition) ?? 0);
      const mark = this.#marks.get(partition);
      // A restore from a snapshot may begin anew lower: that is movement as well.
      if (isThrough || mark?.value !== nextOffset) this.#move(partition, nextOffset);
    }
    for (const key of this.#marks.keys())
      if (key !== GROUP && !inHand.some(({ partition }) => partition === key)) this.#marks.delete(key);
    const agoMs = vitals.confirmedAgoMs();
    if (agoMs !== null) this.#confirmed(now - agoMs);
  }

  /** The moment of a confirmation is computed from a difference each time: a bit of rounding is no heartbeat. */
  #confirmed(atMs: number): void {
    if (atMs - (this.#marks.get(GROUP)?.value ?? -Infinity) > 1) this.#move(GROUP, atMs);
  }

  #move(key: number | typeof GROUP, value: number): void {
    this.#marks.set(key, { value, atMs: this.#awakeMs });
  }
}
