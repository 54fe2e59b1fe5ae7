/**
 * Which faults of a run may strike, by their names in its story: all of them, or only these. `n*` stands for every one
 * whose name begins with an n.
 */
export class FaultChoice {
  readonly #only: ReadonlySet<string> | null;

  constructor(only: Iterable<string> | null) {
    this.#only = only === null ? null : new Set(only);
  }

  admits(name: string): boolean {
    return this.#only === null || this.#only.has(name) || this.#only.has(`${name.charAt(0)}*`);
  }
}
