import type { Folded, PartitionState } from '@profile-warden/domain';
import { isAuthorityEvent, isReportEvent, type LogRecord, type WardenEvent } from '@profile-warden/events';

export class Violation extends Error {
  readonly invariant: string;

  constructor(invariant: string, detail: string) {
    super(`${invariant}: ${detail}`);
    this.invariant = invariant;
  }
}

interface Book {
  granted: Set<number>;
  token: number;
  /** A lease runs: granted, and neither released nor quarantined since. */
  isOut: boolean;
  round: number;
  decidedRounds: Set<string>;
  targets: Set<string>;
  confirmed: Set<string>;
  holder: string;
  grantedLogMs: number;
  heartbeat: { offset: number; logMs: number } | null;
  /** Sensitive steps begun under a granted token and not known to be settled, by `token:stepId`. */
  sensitive: Map<string, number>;
}

/**
 * Checks every record against the invariants from its own account of the log. It takes from the fold only whether a
 * record had an effect, never why.
 */
export class Ledger {
  readonly #books = new Map<string, Book>();
  readonly #answers = new Map<string, number>();
  readonly #suspectAfterMs: number;
  #barrier = -1;
  #logMs = 0;
  #lastTickMs: number | null = null;
  read = 0;

  constructor(suspectAfterMs: number) {
    this.#suspectAfterMs = suspectAfterMs;
  }

  book(profileId: string): Book {
    let book = this.#books.get(profileId);
    if (book === undefined) {
      book = {
        granted: new Set(),
        token: 0,
        isOut: false,
        round: 0,
        decidedRounds: new Set(),
        targets: new Set(),
        confirmed: new Set(),
        holder: '',
        grantedLogMs: 0,
        heartbeat: null,
        sensitive: new Map(),
      };
      this.#books.set(profileId, book);
    }
    return book;
  }

  /** Largest token granted with effect, from the log's end: what no worker can know in time. */
  latestToken(profileId: string): number {
    return this.book(profileId).token;
  }

  answersTo(requestId: string): number {
    return this.#answers.get(requestId) ?? 0;
  }

  /** `decidedOn`: offset up to which the authority that decided had folded; null for everybody else's records. */
  enter(record: LogRecord, folded: Folded, state: PartitionState, decidedOn: number | null): void {
    this.read += 1;
    this.#checkTally(state);
    const { event } = record;
    if (event.type === 'undecodable' || event.type === 'foreign') return;
    const hadEffect = folded === 'applied' || folded === 'beat';
    if (event.type === 'AuthorityEpochStarted') this.#barrier = record.offset;
    else if (isAuthorityEvent(event.type)) this.#checkEpoch(record, event, folded, hadEffect);
    if (event.type === 'ClockTicked') this.#tick(record, event.intervalMs);
    if (record.profileId !== null) {
      // A step is held against the profile whether or not the fold took notice of it.
      this.#report(this.book(record.profileId), record, event);
      if (hadEffect) this.#account(this.book(record.profileId), record, event, decidedOn);
    }
    if (state.logMs !== this.#logMs)
      throw new Violation('log time', `${state.logMs} folded, ${this.#logMs} by the ticks`);
  }

  #tick(record: LogRecord, intervalMs: number): void {
    if (this.#lastTickMs !== null)
      this.#logMs += Math.max(0, Math.min(2 * intervalMs, record.brokerMs - this.#lastTickMs));
    this.#lastTickMs = record.brokerMs;
  }

  #checkTally({ tally }: PartitionState): void {
    let sum = tally.applied + tally.undecodable + tally.foreign;
    for (const count of tally.ignored.values()) sum += count;
    if (tally.read !== this.read || sum !== this.read)
      throw new Violation('I15', `${this.read} read, ${tally.read} counted, ${sum} in all columns`);
  }

  #checkEpoch(record: LogRecord, event: WardenEvent, folded: Folded, hadEffect: boolean): void {
    const epoch = 'epoch' in event ? event.epoch : -1;
    if (hadEffect && epoch !== this.#barrier)
      throw new Violation('I5', `${event.type} of epoch ${epoch} took effect under ${this.#barrier}`);
    if (!hadEffect && epoch === this.#barrier)
      throw new Violation('I17', `${event.type} at ${record.offset} of the current epoch: ${folded}`);
  }

  #account(book: Book, record: LogRecord, event: WardenEvent, decidedOn: number | null): void {
    switch (event.type) {
      case 'LeaseGranted':
        this.#grant(book, record, event, decidedOn);
        break;
      case 'LeaseDenied':
        this.#answer(event.requestId);
        break;
      case 'LeaseReleased':
        book.isOut = false;
        book.round = event.round ?? book.round;
        break;
      case 'Quarantined':
        book.isOut = false;
        if (event.round <= book.round) throw new Violation('I8', `round ${event.round} twice`);
        book.round = event.round;
        book.targets = new Set(event.fenceTargets);
        book.confirmed = new Set();
        break;
      case 'ResumeExpired':
        book.round = event.round;
        break;
      case 'FenceConfirmed':
        book.confirmed.add(event.target);
        break;
      case 'EvidenceCollected':
        if ([...book.targets].some((target) => !book.confirmed.has(target)))
          throw new Violation('I9', `evidence at ${record.offset} before every fence was confirmed`);
        break;
      case 'Decided': {
        const round = `${event.token}/${event.round}`;
        if (book.decidedRounds.has(round)) throw new Violation('I8', `two decisions of round ${round}`);
        book.decidedRounds.add(round);
        break;
      }
      case 'ReviewResolved':
        if (event.outcome !== 'retired')
          for (const [step, offset] of book.sensitive)
            if (offset <= event.basedOn) book.sensitive.delete(step);
        break;
      case 'SuspectedStale':
        this.#suspect(book, record, event);
        break;
      default:
    }
  }

  #grant(
    book: Book,
    record: LogRecord,
    event: Extract<WardenEvent, { type: 'LeaseGranted' }>,
    decidedOn: number | null,
  ): void {
    if (event.token <= book.token) throw new Violation('I1', `token ${event.token} after ${book.token}`);
    if (book.granted.has(event.token)) throw new Violation('I2', `token ${event.token} granted twice`);
    if (book.isOut) throw new Violation('I3', `token ${event.token} while ${book.token} had not ended`);
    if (event.intent !== 'inspect')
      for (const [step, offset] of book.sensitive)
        if (offset <= (decidedOn ?? record.offset))
          throw new Violation('I11', `granted at ${record.offset} with ${step} open since ${offset}`);
    this.#answer(event.requestId);
    book.granted.add(event.token);
    book.token = event.token;
    book.isOut = true;
    book.round = 0;
    book.holder = event.holder.incarnation;
    book.grantedLogMs = this.#logMs;
    book.heartbeat = null;
  }

  #answer(requestId: string): void {
    const count = this.answersTo(requestId) + 1;
    this.#answers.set(requestId, count);
    if (count > 1) throw new Violation('I6', `request ${requestId} was answered ${count} times`);
  }

  #suspect(book: Book, record: LogRecord, event: Extract<WardenEvent, { type: 'SuspectedStale' }>): void {
    if (event.cause !== 'heartbeat-stopped') return;
    const cited = book.heartbeat?.offset ?? null;
    if (event.basedOn !== cited)
      throw new Violation('I10', `cites ${String(event.basedOn)}, the last heartbeat is ${String(cited)}`);
    const silence = this.#logMs - (book.heartbeat?.logMs ?? book.grantedLogMs);
    if (silence < this.#suspectAfterMs)
      throw new Violation('I10', `suspected at ${record.offset} after ${silence} ms`);
  }

  #report(book: Book, record: LogRecord, event: WardenEvent): void {
    if (!isReportEvent(event.type) || event.type === 'WriteRefused' || !('token' in event)) return;
    const key = 'stepId' in event ? `${event.token}:${event.stepId}` : '';
    if (
      event.type === 'Heartbeat' &&
      event.token === book.token &&
      event.incarnation === book.holder &&
      book.isOut
    )
      book.heartbeat = { offset: record.offset, logMs: this.#logMs };
    if (event.type === 'StepStarted' && event.kind === 'sensitive' && book.granted.has(event.token))
      if (!book.sensitive.has(key)) book.sensitive.set(key, record.offset);
    if (event.type === 'StepCompleted' && (event.outcome === 'ok' || event.outcome === 'not-applied'))
      if (event.token === book.token && book.isOut) book.sensitive.delete(key);
  }
}
