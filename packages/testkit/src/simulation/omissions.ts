/** The faults that a run leaves out, by their names in its story. `n*`: every one whose name begins with an n. */
export class Omissions {
  readonly #names: ReadonlySet<string>;

  constructor(names: Iterable<string> = []) {
    this.#names = new Set(names);
  }

  has(name: string): boolean {
    return this.#names.has(name) || this.#names.has(`${name.charAt(0)}*`);
  }
}
