/** The times at which profiles want to be looked at: a binary heap in which only the newest entry of a key counts. */
export class DeadlineQueue {
  readonly #heap: { readonly at: number; readonly key: string }[] = [];
  readonly #current = new Map<string, number>();

  get size(): number {
    return this.#current.size;
  }

  /** Sets, moves or (with null) drops the time of a key. */
  set(key: string, at: number | null): void {
    if (at === null) {
      this.#current.delete(key);
      return;
    }
    if (this.#current.get(key) === at) return;
    this.#current.set(key, at);
    this.#heap.push({ at, key });
    this.#up(this.#heap.length - 1);
  }

  /** Takes every key whose time has come. */
  due(now: number): string[] {
    const keys: string[] = [];
    for (let first = this.#heap[0]; first !== undefined && first.at <= now; first = this.#heap[0]) {
      this.#removeFirst();
      if (this.#current.get(first.key) !== first.at) continue;
      this.#current.delete(first.key);
      keys.push(first.key);
    }
    return keys;
  }

  clear(): void {
    this.#heap.length = 0;
    this.#current.clear();
  }

  #removeFirst(): void {
    const last = this.#heap.pop();
    if (last === undefined || this.#heap.length === 0) return;
    this.#heap[0] = last;
    this.#down(0);
  }

  #up(start: number): void {
    for (let child = start; child > 0;) {
      const parent = (child - 1) >> 1;
      if (this.#at(parent) <= this.#at(child)) return;
      this.#swap(parent, child);
      child = parent;
    }
  }

  #down(start: number): void {
    for (let parent = start; ;) {
      const left = 2 * parent + 1;
      const right = left + 1;
      const least = this.#at(right) < this.#at(left) ? right : left;
      if (this.#at(least) >= this.#at(parent)) return;
      this.#swap(parent, least);
      parent = least;
    }
  }

  #at(index: number): number {
    return this.#heap[index]?.at ?? Infinity;
  }

  #swap(left: number, right: number): void {
    const [a, b] = [this.#heap[left], this.#heap[right]];
    if (a === undefined || b === undefined) return;
    this.#heap[left] = b;
    this.#heap[right] = a;
  }
}
