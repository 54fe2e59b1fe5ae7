import type { Clock } from '@profile-warden/events';
import type { PartitionProgress } from '../runtime/fold-and-pay.ts';

export interface ReadVitals {
  /** Whether a broker leads it, as the brokers have told last. */
  readonly isLed: boolean;
  /** Answers of brokers about it. */
  readonly answerCount: number;
  /** First offset that was not fetched yet; null before the first answer. */
  readonly position: number | null;
}

export interface Vitals {
  /** Every partition in hand. */
  readonly partitions: () => readonly PartitionProgress[];
  /** By partition, the offset up to which its log can be read, as the brokers have told last. */
  readonly readable: () => ReadonlyMap<number, number>;
  /** By partition, how it is read. */
  readonly reads: () => ReadonlyMap<number, ReadVitals>;
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
type Key = number | typeof GROUP | `read ${number}`;

interface Mark {
  readonly value: number;
  readonly atMs: number;
}

/**
 * Whether the service still makes progress. It does as long as each partition in hand is folded to the end of what can be
 * read or has moved within `stallMs`, a broker has answered a fetch of it, and the group a heartbeat, within it. A
 * partition that no broker leads is no standstill of the service, since no restart of it would bring a leader: it is
 * `unread`, and nothing more is asked of it. So one that idles is alive, and
 * one whose brokers are away for less than `stallMs` too. A process whose event loop is blocked answers nobody, which a
 * supervisor takes for the same; time in which the process was stopped counts for nothing.
 */
export class Liveness {
  readonly #options: LivenessOptions;
  readonly #marks = new Map<Key, Mark>();
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
    const { vitals } = this.#options;
    const reads = vitals.reads();
    const found: string[] = [];
    const groupMs = this.#stalledMs(GROUP);
    if (groupMs !== null) found.push(`no heartbeat of the group for ${groupMs} ms`);
    for (const { partition, standing, nextOffset } of vitals.partitions()) {
      if (reads.get(partition)?.isLed === false) continue;
      const stillMs = this.#stalledMs(partition);
      const unreadMs = this.#stalledMs(`read ${partition}`);
      if (stillMs !== null)
        found.push(`partition ${partition} is ${standing} at offset ${nextOffset} for ${stillMs} ms`);
      else if (unreadMs !== null) found.push(`partition ${partition} is not read for ${unreadMs} ms`);
    }
    return found;
  }

  /** Partitions in hand of which no broker has told anything for `stallMs`. */
  unread(): ReadonlySet<number> {
    this.#sample();
    const inHand = this.#options.vitals.partitions().map(({ partition }) => partition);
    return new Set(inHand.filter((partition) => this.#stalledMs(`read ${partition}`) !== null));
  }

  #stalledMs(key: Key): number | null {
    const mark = this.#marks.get(key);
    const stillMs = mark === undefined ? 0 : this.#awakeMs - mark.atMs;
    return stillMs > this.#options.stallMs ? Math.round(stillMs) : null;
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
    const reads = vitals.reads();
    const inHand = vitals.partitions();
    for (const { partition, nextOffset, standing } of inHand) {
      const read = reads.get(partition);
      const isThrough = standing === 'live' && nextOffset >= (readable.get(partition) ?? 0);
      const mark = this.#marks.get(partition);
      // A restore from a snapshot may begin anew lower: that is movement as well.
      if (isThrough || read?.isLed === false || mark?.value !== nextOffset) this.#move(partition, nextOffset);
      const answerCount = read?.answerCount ?? 0;
      // Before it is opened nobody asks for it, and while enough is fetched for the fold nobody does either.
      const isAsked = standing !== 'opening' && nextOffset >= (read?.position ?? 0);
      if (!isAsked || this.#marks.get(`read ${partition}`)?.value !== answerCount)
        this.#move(`read ${partition}`, answerCount);
    }
    const known = new Set<Key>([
      GROUP,
      ...inHand.flatMap(({ partition }): Key[] => [partition, `read ${partition}`]),
    ]);
    for (const key of this.#marks.keys()) if (!known.has(key)) this.#marks.delete(key);
    const agoMs = vitals.confirmedAgoMs();
    if (agoMs !== null) this.#confirmed(now - agoMs);
  }

  /** The moment of a confirmation is computed from a difference each time: a bit of rounding is no heartbeat. */
  #confirmed(atMs: number): void {
    if (atMs - (this.#marks.get(GROUP)?.value ?? -Infinity) > 1) this.#move(GROUP, atMs);
  }

  #move(key: Key, value: number): void {
    this.#marks.set(key, { value, atMs: this.#awakeMs });
  }
}
