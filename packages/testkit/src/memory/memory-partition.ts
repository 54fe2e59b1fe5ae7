import type { LogRecord } from '@profile-warden/events';

/** One offset: a record, or the marker that ended a transaction. */
interface Slot {
  readonly record: LogRecord | null;
  readonly transaction: Transaction | null;
}

/** *Open* from its first record → *decided* by its coordinator → *ended* by its marker in the partition. */
export interface Transaction {
  readonly firstOffset: number;
  isCommitted: boolean | null;
  isEnded: boolean;
}

/** The right to write transactions, as the broker sees it. */
export interface Producer {
  readonly epoch: number;
  isFenced: boolean;
  transaction: Transaction | null;
}

export interface Slice {
  readonly records: readonly LogRecord[];
  /** Behind everything fetched, markers and aborted records included. */
  readonly nextOffset: number;
}

/** One partition as its leader keeps it. Committed readers see nothing at or behind the last stable offset. */
export class MemoryPartition {
  readonly #slots: Slot[] = [];
  readonly #open = new Set<Transaction>();
  readonly #waiting = new Set<() => void>();
  #producer: Producer | null = null;
  #epoch = 0;

  /** The offset that comes next, uncommitted ones counted. */
  get end(): number {
    return this.#slots.length;
  }

  /** Last stable offset: nothing below it is undecided. */
  get stable(): number {
    let stable = this.end;
    for (const { firstOffset } of this.#open) stable = Math.min(stable, firstOffset);
    return stable;
  }

  append(record: (offset: number) => LogRecord, transaction: Transaction | null = null): number {
    const offset = this.end;
    this.#slots.push({ record: record(offset), transaction });
    this.#moved();
    return offset;
  }

  begin(): Transaction {
    const transaction: Transaction = { firstOffset: this.end, isCommitted: null, isEnded: false };
    this.#open.add(transaction);
    return transaction;
  }

  /** Writes the marker; the first decision counts. */
  finish(transaction: Transaction, isCommitted: boolean): void {
    if (transaction.isEnded) return;
    transaction.isCommitted ??= isCommitted;
    transaction.isEnded = true;
    this.#open.delete(transaction);
    this.#slots.push({ record: null, transaction });
    this.#moved();
  }

  /** A new producer under the same transactional id. With `fences`, the former one's undecided transaction is aborted. */
  newProducer(fences: boolean): Producer {
    const former = this.#producer;
    if (former !== null && fences) {
      former.isFenced = true;
      if (former.transaction !== null) this.finish(former.transaction, false);
    }
    this.#epoch += 1;
    this.#producer = { epoch: this.#epoch, isFenced: false, transaction: null };
    return this.#producer;
  }

  /** Every record from an offset on, whatever becomes of its transaction. */
  appended(from: number): readonly LogRecord[] {
    return this.#slots.slice(from).flatMap(({ record }) => record ?? []);
  }

  /** The committed ones of the slots from an offset on, as far as they are stable. */
  read(from: number, count: number): Slice {
    const nextOffset = Math.max(from, Math.min(this.stable, from + count));
    const records: LogRecord[] = [];
    for (const { record, transaction } of this.#slots.slice(from, nextOffset))
      if (record !== null && transaction?.isCommitted !== false) records.push(record);
    return { records, nextOffset };
  }

  /** Calls back once, when there is something to read behind the position. Returns what takes it back. */
  onBeyond(position: number, done: () => void): () => void {
    const look = (): void => {
      if (this.stable <= position) return;
      this.#waiting.delete(look);
      done();
    };
    this.#waiting.add(look);
    look();
    return () => void this.#waiting.delete(look);
  }

  #moved(): void {
    for (const look of [...this.#waiting]) look();
  }
}
