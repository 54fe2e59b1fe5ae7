import { hashOf } from './hash.ts';
import { hasTimes, offsetsIn, renamed, type Renaming } from './naming.ts';

interface Entry<T> {
  readonly value: T;
  /** Of its text, so that it is the same in every run and thread. */
  readonly hash: number;
  readonly offsets: readonly number[];
  readonly hasTimes: boolean;
}

/** Numbers for values: the same value always has the same one, so that situations are compared by a few numbers. */
export class Table<T> {
  readonly #ids = new Map<string, number>();
  readonly #entries: Entry<T>[] = [];
  readonly #renamed = new Map<string, number>();

  get size(): number {
    return this.#entries.length;
  }

  id(value: T): number {
    const ordered = renamed(value);
    const text = JSON.stringify(ordered);
    let id = this.#ids.get(text);
    if (id === undefined) {
      id = this.#entries.length;
      this.#ids.set(text, id);
      this.#entries.push({
        value: ordered,
        hash: hashOf(text),
        offsets: offsetsIn(ordered),
        hasTimes: hasTimes(ordered),
      });
    }
    return id;
  }

  value(id: number): T {
    return this.#entry(id).value;
  }

  hash(id: number): number {
    return this.#entry(id).hash;
  }

  offsets(id: number): readonly number[] {
    return this.#entry(id).offsets;
  }

  /** The number of the value under other names; looked up by what the renaming does to the offsets it holds. */
  rename(id: number, by: Renaming): number {
    const entry = this.#entry(id);
    const isShifted = entry.hasTimes && (by.logMs !== 0 || by.brokerMs !== 0);
    let key = isShifted ? `${id}@${by.logMs}@${by.brokerMs}` : `${id}`;
    let isSame = !isShifted;
    if (by.offsets !== null)
      for (const offset of entry.offsets) {
        const name = by.offsets[offset];
        if (name !== offset) isSame = false;
        key += `,${String(name)}`;
      }
    if (isSame) return id;
    let to = this.#renamed.get(key);
    if (to === undefined) {
      to = this.id(renamed(entry.value, by));
      this.#renamed.set(key, to);
    }
    return to;
  }

  #entry(id: number): Entry<T> {
    const entry = this.#entries[id];
    if (entry === undefined) throw new RangeError(`there is no value ${id}`);
    return entry;
  }
}
