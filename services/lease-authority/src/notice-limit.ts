const EVERY_MS = 60_000;
const KEYS_MAX = 100_000;

/** Lets one notice a minute of log time through for each token and kind; forgets the oldest keys past its bound. */
export class NoticeLimit {
  readonly #last = new Map<string, number>();

  admits(key: string, logMs: number): boolean {
    const last = this.#last.get(key);
    if (last !== undefined && logMs - last < EVERY_MS) return false;
    this.#last.delete(key);
    this.#last.set(key, logMs);
    const oldest = this.#last.keys().next();
    if (this.#last.size > KEYS_MAX && oldest.done === false) this.#last.delete(oldest.value);
    return true;
  }
}
