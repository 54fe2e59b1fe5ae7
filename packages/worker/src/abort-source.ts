/**
 * An abort whose signal is made when somebody asks for it. Most leases end without a listener, and a signal is the
 * largest thing that a lease would hold.
 */
export class AbortSource<Reason extends Error> {
  #reason: Reason | null = null;
  #controller: AbortController | null = null;

  /** Null until `abort`. */
  get reason(): Reason | null {
    return this.#reason;
  }

  get isAborted(): boolean {
    return this.#reason !== null;
  }

  get signal(): AbortSignal {
    if (this.#controller === null) {
      this.#controller = new AbortController();
      if (this.#reason !== null) this.#controller.abort(this.#reason);
    }
    return this.#controller.signal;
  }

  /** Only the first reason counts. */
  abort(reason: Reason): void {
    if (this.#reason !== null) return;
    this.#reason = reason;
    this.#controller?.abort(reason);
  }

  throwIfAborted(): void {
    if (this.#reason !== null) throw this.#reason;
  }
}
