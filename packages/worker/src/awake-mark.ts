/**
 * Where one thread says when it was last awake and another looks, so that a stall shows while it lasts: nobody has to
 * be asked. Times are monotonic ms that all threads of the process share.
 */
export class AwakeMark {
  readonly #at: BigInt64Array;

  /** Both threads build one on the same 8 bytes. */
  constructor(shared: SharedArrayBuffer) {
    this.#at = new BigInt64Array(shared);
  }

  static memory(): SharedArrayBuffer {
    return new SharedArrayBuffer(BigInt64Array.BYTES_PER_ELEMENT);
  }

  mark(now: number): void {
    Atomics.store(this.#at, 0, BigInt(Math.round(now)));
  }

  /** How long ago the other thread should have marked again, if it does so every `everyMs`. 0 before its first mark. */
  lagMs(now: number, everyMs: number): number {
    const at = Number(Atomics.load(this.#at, 0));
    return at === 0 ? 0 : Math.max(0, Math.round(now) - at - everyMs);
  }
}
