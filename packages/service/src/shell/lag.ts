interface Passed {
  recordCount: number;
  offsetCount: number;
  nextOffset: number | null;
}

/**
 * How many records wait to be folded. Transaction markers use offsets too, so that a fold which is through may be
 * offsets behind and a distance in offsets tells nothing: it is taken by the share that were records so far.
 */
export class Lag {
  readonly #passed = new Map<number, Passed>();

  folded(about: { readonly partition: number; readonly count: number; readonly nextOffset: number }): void {
    const { partition, count, nextOffset } = about;
    const passed = this.#passed.get(partition) ?? { recordCount: 0, offsetCount: 0, nextOffset: null };
    // The first call after an assignment says where the fold stands, not how far it came by this call.
    if (passed.nextOffset !== null && nextOffset > passed.nextOffset) {
      passed.recordCount += count;
      passed.offsetCount += nextOffset - passed.nextOffset;
    }
    passed.nextOffset = nextOffset;
    this.#passed.set(partition, passed);
  }

  /** Where the fold stands before any record: behind a snapshot that reaches the end of the log none will come. */
  opened(partition: number, nextOffset: number): void {
    if (!this.#passed.has(partition))
      this.#passed.set(partition, { recordCount: 0, offsetCount: 0, nextOffset });
  }

  revoked(partition: number): void {
    this.#passed.delete(partition);
  }

  /** Records between what is folded and the end of the log, as far as can be told. */
  of(partition: number, endOffset: number): number {
    const passed = this.#passed.get(partition);
    if (passed === undefined) return Math.max(0, endOffset);
    const { recordCount, offsetCount, nextOffset } = passed;
    const share = offsetCount === 0 ? 1 : recordCount / offsetCount;
    return Math.floor(Math.max(0, endOffset - (nextOffset ?? 0)) * share);
  }
}
