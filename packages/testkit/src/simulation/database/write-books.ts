import { isOwned, type ProfileState } from '@profile-warden/domain';
import type { MemoryLog } from '../../memory/index.ts';
import { Violation } from '../../walk/ledger.ts';

/** What one fence target has promised about one profile, by what was seen to happen there. */
interface Book {
  accepted: number;
  marked: number;
  confirmed: number;
}

interface Refusal {
  readonly target: string;
  readonly profileId: string;
  readonly token: number;
}

/** One request to write, as its caller has lived through it, in ms of virtual time. */
export interface AskedWrite {
  readonly client: string;
  readonly target: string;
  readonly profileId: string;
  readonly token: number;
  readonly callMs: number;
  /** `unknown` also while there is no answer; the write may then take effect at any later time. */
  answer: 'written' | 'refused' | 'unknown';
  answeredMs: number | null;
}

/**
 * Holds the writes at the resource against each other, in the order in which they were made there, and against the
 * confirmations in the log. Knows nothing of rows, locks or folds.
 */
export class WriteBooks {
  /** In the order of the calls. */
  readonly asked: AskedWrite[] = [];
  readonly #log: MemoryLog;
  readonly #onViolation: (violation: Violation) => void;
  readonly #books = new Map<string, Book>();
  readonly #read: number[];
  readonly #refusals: Refusal[] = [];

  constructor(log: MemoryLog, onViolation: (violation: Violation) => void) {
    this.#log = log;
    this.#onViolation = onViolation;
    this.#read = Array.from({ length: log.partitionCount }, () => 0);
  }

  /** From here on nobody may get in with this token who is not in already. */
  readonly marked = (target: string, profileId: string, token: number): void => {
    const book = this.#book(target, profileId);
    book.marked = Math.max(book.marked, token);
  };

  accepted(target: string, profileId: string, token: number): void {
    const book = this.#book(target, profileId);
    if (token <= book.marked)
      this.#break('accepted', target, profileId, token, `${book.marked} was marked as revoked`);
    book.accepted = Math.max(book.accepted, token);
  }

  committed(target: string, profileId: string, token: number): void {
    this.#readConfirmations(profileId);
    const book = this.#book(target, profileId);
    if (token < book.accepted)
      this.#break('committed', target, profileId, token, `${book.accepted} was accepted`);
    if (token <= book.confirmed)
      this.#break('committed', target, profileId, token, `${book.confirmed} was confirmed as fenced`);
  }

  /** Refused for good. */
  refused(target: string, profileId: string, token: number): void {
    this.#refusals.push({ target, profileId, token });
  }

  /** A mark goes with the tables that it was in. */
  replaced(target: string): void {
    for (const [key, book] of this.#books) if (key.startsWith(`${target}/`)) book.marked = 0;
  }

  /** Whoever was refused for good had no lease any more. */
  check(profileOf: (profileId: string) => ProfileState | undefined): void {
    for (const { target, profileId, token } of this.#refusals.splice(0)) {
      const profile = profileOf(profileId);
      if (profile?.token === token && isOwned(profile))
        throw new Violation(
          'fence',
          `${target} has refused token ${token} of ${profileId} while it was held`,
        );
    }
  }

  #break(what: string, target: string, profileId: string, token: number, after: string): void {
    this.#onViolation(
      new Violation(
        'I4',
        `a write with token ${token} of ${profileId} was ${what} at ${target} after ${after}`,
      ),
    );
  }

  #readConfirmations(profileId: string): void {
    const partition = this.#log.partitionOf(profileId);
    const at = this.#log.partition(partition);
    const from = this.#read[partition] ?? 0;
    this.#read[partition] = at.end;
    for (const { event, profileId: of } of at.appended(from)) {
      if (event.type !== 'FenceConfirmed' || of === null) continue;
      const book = this.#book(event.target, of);
      book.confirmed = Math.max(book.confirmed, event.token);
    }
  }

  #book(target: string, profileId: string): Book {
    const key = `${target}/${profileId}`;
    let book = this.#books.get(key);
    if (book === undefined) {
      book = { accepted: 0, marked: 0, confirmed: 0 };
      this.#books.set(key, book);
    }
    return book;
  }
}
