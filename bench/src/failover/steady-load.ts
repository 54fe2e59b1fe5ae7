import { partitionOf } from '@profile-warden/kafka';
import { openGrantLoop } from '../grant-loop.ts';
import type { Loop } from '../load.ts';
import type { Heard } from './log-audit.ts';

export interface LoadTarget {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
}

/**
 * Asks every partition for a lease of a new profile, at a steady pace and whatever the answers do. It keeps the longest
 * time in which a partition gave none, and what it knows of requests and grants, for a log to be held against.
 */
export class SteadyLoad {
  readonly #target: LoadTarget;
  readonly #everyMs: number;
  readonly #lastAnswerAt: number[];
  readonly #longestMs: number[];
  readonly #asked = new Set<string>();
  readonly #granted = new Set<string>();
  #sequence = 0;
  #timer: NodeJS.Timeout | null = null;
  #close: () => Promise<void> = () => Promise.resolve();

  /** `everyMs`: how often each partition is asked; a gap can be told to about this. */
  constructor(target: LoadTarget, everyMs: number) {
    this.#target = target;
    this.#everyMs = everyMs;
    this.#lastAnswerAt = Array.from({ length: target.partitionCount }, () => performance.now());
    this.#longestMs = this.#lastAnswerAt.map(() => 0);
  }

  async start(): Promise<void> {
    const { loop, close } = await openGrantLoop(this.#target);
    this.#close = close;
    await loop.start((id) => this.#answer(id));
    this.begin();
    const startedAt = performance.now();
    let rounds = 0;
    // Timers come late and never early: what was missed is made up for, so that the rate is what it says.
    this.#timer = setInterval(() => {
      const due = Math.floor((performance.now() - startedAt) / this.#everyMs);
      for (; rounds < due; rounds += 1) this.#ask(loop);
    }, this.#everyMs);
  }

  /** From here on gaps count. */
  begin(): void {
    const now = performance.now();
    this.#lastAnswerAt.fill(now);
    this.#longestMs.fill(0);
  }

  /** The longest gap of any partition since `begin`, one that is still open included. */
  longestGapMs(): number {
    const now = performance.now();
    return Math.round(
      Math.max(...this.#longestMs.map((ms, index) => Math.max(ms, now - (this.#lastAnswerAt[index] ?? now)))),
    );
  }

  /** Ends the load; what was asked last may still be answered within `waitMs`. */
  async stop(waitMs: number): Promise<void> {
    if (this.#timer !== null) clearInterval(this.#timer);
    await new Promise((resolve) => setTimeout(resolve, waitMs));
    await this.#close();
  }

  get heard(): Heard {
    return { asked: this.#asked, granted: this.#granted };
  }

  #ask(loop: Loop): void {
    const ids = this.#idsOfAll();
    loop.ask(ids).then(
      () => ids.forEach((id) => this.#asked.add(id)),
      // An append whose outcome is unknown: the log need not have it, but if it does it owes an answer.
      () => undefined,
    );
  }

  #answer(id: string): void {
    this.#granted.add(id);
    const partition = partitionOf(id, this.#target.partitionCount);
    const now = performance.now();
    const gapMs = now - (this.#lastAnswerAt[partition] ?? now);
    this.#longestMs[partition] = Math.max(this.#longestMs[partition] ?? 0, gapMs);
    this.#lastAnswerAt[partition] = now;
  }

  /** One new profile id for every partition. */
  #idsOfAll(): string[] {
    const { partitionCount } = this.#target;
    return Array.from({ length: partitionCount }, (_none, partition) => {
      const base = `load-${(this.#sequence += 1)}`;
      for (let salt = 0; ; salt += 1)
        if (partitionOf(`${base}.${salt}`, partitionCount) === partition) return `${base}.${salt}`;
    });
  }
}
