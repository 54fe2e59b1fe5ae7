import type { VirtualClock } from '../../memory/index.ts';
import { RowLocks } from './row-locks.ts';
import { SqlError } from './sql-error.ts';

const GONE = new SqlError('57P01', 'the connection is gone');
const LOCK_TIMEOUT = new SqlError('55P03', 'canceling statement due to lock timeout');

/** Tables that can be copied as a whole, as a backup or a replica does. */
export interface Tables<T> {
  copy(): T;
}

/**
 * One transaction on the server. *Open*: what it writes nobody else sees, and what it locks nobody else gets → *over*
 * by `commit`, all at once, or by `end`, as if it had never been.
 */
export class Backend {
  readonly #database: { readonly locks: RowLocks<Backend>; forget(backend: Backend): void };
  readonly #writes: (() => void)[] = [];
  isOver = false;

  constructor(database: { readonly locks: RowLocks<Backend>; forget(backend: Backend): void }) {
    this.#database = database;
  }

  /** A statement that comes when the transaction is over changes nothing and locks nothing. */
  run<T>(statement: (backend: Backend) => T): T {
    if (this.isOver) throw GONE;
    return statement(this);
  }

  /** Takes effect with the commit. */
  write(effect: () => void): void {
    this.#writes.push(effect);
  }

  commit(): void {
    if (this.isOver) throw GONE;
    for (const effect of this.#writes) effect();
    this.end();
  }

  end(): void {
    if (this.isOver) return;
    this.isOver = true;
    this.#database.locks.release(this, GONE);
    this.#database.forget(this);
  }
}

const COPIES_MAX = 8;
const COPY_EVERY_MS = 3_000;

/** A database server: *up* ⇄ *down*, and now and then another one in its place, with the tables of some time ago. */
export class SimDatabase<T extends Tables<T>> {
  readonly name: string;
  readonly clock: VirtualClock;
  readonly locks = new RowLocks<Backend>();
  tables: T;
  readonly #backends = new Set<Backend>();
  readonly #copies: T[] = [];
  #incarnation = 1;
  #isDown = false;

  constructor(name: string, clock: VirtualClock, tables: T) {
    this.name = name;
    this.clock = clock;
    this.tables = tables;
    this.#backUp();
  }

  get isDown(): boolean {
    return this.#isDown;
  }

  /** Which database this is, as opposed to one with the same rows: another after every start and every restore. */
  get identity(): string {
    return `${this.name}:${this.#incarnation}`;
  }

  open(): Backend {
    if (this.#isDown) throw new SqlError('57P03', 'the database is not accepting connections');
    const backend = new Backend(this);
    this.#backends.add(backend);
    return backend;
  }

  forget(backend: Backend): void {
    this.#backends.delete(backend);
  }

  /** Waits for a row that others hold, at most so many ms. */
  async lock(key: string, backend: Backend, mode: 'share' | 'exclusive', boundMs: number): Promise<void> {
    const cancel = this.clock.after(boundMs, () => this.locks.giveUp(backend, LOCK_TIMEOUT));
    try {
      await this.locks.acquire(key, backend, mode);
    } finally {
      cancel();
    }
  }

  /** Everything that is not committed is lost. */
  stop(): void {
    this.#isDown = true;
    for (const backend of [...this.#backends]) backend.end();
  }

  start(): void {
    if (!this.#isDown) return;
    this.#isDown = false;
    this.#incarnation += 1;
  }

  /** Another database with the tables of `age` copies ago; 0: all that was committed, as after a promotion. */
  replace(age: number): void {
    for (const backend of [...this.#backends]) backend.end();
    this.#incarnation += 1;
    this.tables = (
      age === 0 ? this.tables : (this.#copies.at(-age) ?? this.#copies[0] ?? this.tables)
    ).copy();
  }

  #backUp(): void {
    this.#copies.push(this.tables.copy());
    if (this.#copies.length > COPIES_MAX) this.#copies.shift();
    this.clock.after(COPY_EVERY_MS, () => this.#backUp());
  }
}
