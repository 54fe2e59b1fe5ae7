import type { Clock } from '@profile-warden/events';

/** Where a partition of the log ends at this moment, by the broker's word. Rejects when the signal aborts, or before. */
export type LogEnd = (partition: number, signal: AbortSignal) => Promise<number>;

/** Longest one question to the broker is waited for, in ms; the next pass asks again. */
const ASK_MS_MAX = 3_000;

/**
 * How far the fold of each partition has to come before a target may be believed: to the end of the log, asked for after
 * the target was met. The end that was seen when the partition was opened does not do: a projector that has lost its
 * partition and cannot know it yet would tell a restored database that an outdated fold is the whole log.
 *
 * For each partition: *unknown* → `seek` → *asked* → *known*, or *unknown* again where nobody answers; `forget` makes it
 * unknown, and what was asked before that is no answer any more.
 */
export class LogGoals {
  readonly #logEnd: LogEnd;
  readonly #clock: Clock;
  readonly #onKnown: () => void;
  readonly #known = new Map<number, number>();
  readonly #asked = new Map<number, AbortController>();

  constructor(logEnd: LogEnd, clock: Clock, onKnown: () => void) {
    this.#logEnd = logEnd;
    this.#clock = clock;
    this.#onKnown = onKnown;
  }

  /** Null while it is unknown. */
  of(partition: number): number | null {
    return this.#known.get(partition) ?? null;
  }

  /** Asks unless it is known or being asked. Never rejects and waits for nothing: a broker that is away holds up no row. */
  seek(partition: number): void {
    if (this.#known.has(partition) || this.#asked.has(partition)) return;
    const asked = new AbortController();
    this.#asked.set(partition, asked);
    void this.#ask(partition, asked);
  }

  forget(partition: number): void {
    this.#known.delete(partition);
    this.#asked.get(partition)?.abort();
    this.#asked.delete(partition);
  }

  async #ask(partition: number, asked: AbortController): Promise<void> {
    const end = this.#logEnd(partition, asked.signal).catch(() => null);
    const goal = await Promise.race([end, this.#clock.sleep(ASK_MS_MAX, asked.signal).then(() => null)]);
    if (this.#asked.get(partition) !== asked) return;
    asked.abort();
    this.#asked.delete(partition);
    if (goal === null) return;
    this.#known.set(partition, goal);
    this.#onKnown();
  }
}
