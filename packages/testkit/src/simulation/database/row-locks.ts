type Mode = 'share' | 'exclusive';

interface Waiter<Owner> {
  readonly owner: Owner;
  readonly mode: Mode;
  readonly granted: () => void;
  readonly refused: (error: Error) => void;
}

interface Row<Owner> {
  readonly sharers: Set<Owner>;
  writer: Owner | null;
  waiting: Waiter<Owner>[];
}

/**
 * Locks on rows, held until their owner is released. A share lock joins other share locks even where somebody waits
 * for an exclusive one, so writers that follow each other closely keep it out for ever.
 */
export class RowLocks<Owner> {
  readonly #rows = new Map<string, Row<Owner>>();

  isFreeFor(key: string, owner: Owner): boolean {
    return this.#isGrantable(this.#row(key), owner, 'exclusive');
  }

  /** Resolves when the lock is held. Rejects by `release` or `giveUp` of the owner only. */
  acquire(key: string, owner: Owner, mode: Mode): Promise<void> {
    const row = this.#row(key);
    if (this.#isGrantable(row, owner, mode)) {
      this.#grant(row, owner, mode);
      return Promise.resolve();
    }
    return new Promise((granted, refused) => row.waiting.push({ owner, mode, granted, refused }));
  }

  isWaiting(owner: Owner): boolean {
    return [...this.#rows.values()].some(({ waiting }) => waiting.some((one) => one.owner === owner));
  }

  /** Whatever the owner waits for is refused. */
  giveUp(owner: Owner, error: Error): void {
    for (const row of this.#rows.values()) {
      const gone = row.waiting.filter((one) => one.owner === owner);
      row.waiting = row.waiting.filter((one) => one.owner !== owner);
      for (const { refused } of gone) refused(error);
    }
  }

  release(owner: Owner, error: Error): void {
    this.giveUp(owner, error);
    for (const row of this.#rows.values()) {
      const hadAny = row.sharers.delete(owner) || row.writer === owner;
      if (row.writer === owner) row.writer = null;
      if (hadAny) this.#serve(row);
    }
  }

  #serve(row: Row<Owner>): void {
    const waiting = row.waiting.splice(0);
    for (const waiter of waiting) {
      if (this.#isGrantable(row, waiter.owner, waiter.mode)) {
        this.#grant(row, waiter.owner, waiter.mode);
        waiter.granted();
      } else row.waiting.push(waiter);
    }
  }

  #grant(row: Row<Owner>, owner: Owner, mode: Mode): void {
    if (mode === 'share') row.sharers.add(owner);
    else row.writer = owner;
  }

  #isGrantable({ sharers, writer }: Row<Owner>, owner: Owner, mode: Mode): boolean {
    if (writer !== null && writer !== owner) return false;
    return mode === 'share' || sharers.size === 0 || (sharers.size === 1 && sharers.has(owner));
  }

  #row(key: string): Row<Owner> {
    let row = this.#rows.get(key);
    if (row === undefined) {
      row = { sharers: new Set(), writer: null, waiting: [] };
      this.#rows.set(key, row);
    }
    return row;
  }
}
