import type { Folded, PartitionState } from '@profile-warden/domain';
import { isAuthorityEvent, isReportEvent, type LogRecord, type WardenEvent } from '@profile-warden/events';
import { begin, checkHeard, checkRound, keyOf, newBook, openRound, type Book } from './book.ts';
import { Violation } from './violation.ts';

export { Violation } from './violation.ts';

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
  #undecodable = 0;
  #foreign = 0;

  constructor(suspectAfterMs: number) {
    this.#suspectAfterMs = suspectAfterMs;
  }

  book(profileId: string): Book {
    let book = this.#books.get(profileId);
    if (book === undefined) {
      book = newBook();
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
    const { event } = record;
    this.read += 1;
    if (event.type === 'undecodable') this.#undecodable += 1;
    if (event.type === 'foreign') this.#foreign += 1;
    this.#checkTally(state);
    if (event.type === 'undecodable' || event.type === 'foreign') return;
    const hadEffect = folded === 'applied' || folded === 'beat';
    if (event.type === 'AuthorityEpochStarted') this.#barrier = record.offset;
    else if (isAuthorityEvent(event.type)) this.#checkEpoch(record, event, folded, hadEffect);
    if (event.type === 'ClockTicked') this.#tick(record, event.intervalMs);
    if (record.profileId !== null) {
      // A step is held against the profile whether or not the fold took notice of it.
      this.#report(this.book(record.profileId), record, event, hadEffect);
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
    if (tally.undecodable !== this.#undecodable || tally.foreign !== this.#foreign)
      throw new Violation('I15', `${this.#undecodable} undecodable and ${this.#foreign} foreign ones differ`);
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
        this.#release(book, record, event, decidedOn);
        break;
      case 'Quarantined':
        book.isOut = false;
        if (event.round <= book.round) throw new Violation('I8', `round ${event.round} twice`);
        openRound(book, event.round);
        book.targets = new Set(event.fenceTargets);
        book.confirmed = new Set();
        break;
      case 'ResumeExpired':
        openRound(book, event.round);
        break;
      case 'FenceConfirmed':
        book.confirmed.add(event.target);
        break;
      case 'EvidenceCollected':
        if ([...book.targets].some((target) => !book.confirmed.has(target)))
          throw new Violation('I9', `evidence at ${record.offset} before every fence was confirmed`);
        checkRound(book, record, event.round);
        if (event.complete) book.evidence = event.basedOn;
        break;
      case 'Decided':
        this.#decide(book, record, event);
        break;
      case 'ReviewResolved':
        checkRound(book, record, event.round);
        if (event.outcome === 'retired') break;
        checkHeard(book, record, event.basedOn);
        book.isCaseOpen = false;
        for (const [step, { offset }] of book.open) if (offset <= event.basedOn) book.open.delete(step);
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
    if (event.intent !== 'inspect') {
      if (book.isCaseOpen) throw new Violation('I8', `token ${event.token} while the case was open`);
      for (const [step, { offset, isSensitive }] of book.open)
        if (isSensitive && offset <= (decidedOn ?? record.offset))
          throw new Violation('I11', `granted at ${record.offset} with ${step} open since ${offset}`);
    }
    this.#answer(event.requestId);
    book.granted.add(event.token);
    book.token = event.token;
    book.intent = event.intent;
    book.isOut = true;
    book.round = 0;
    book.evidence = null;
    book.heardAt = null;
    book.holder = event.holder.incarnation;
    book.grantedLogMs = this.#logMs;
    book.heartbeat = null;
  }

  #release(
    book: Book,
    record: LogRecord,
    event: Extract<WardenEvent, { type: 'LeaseReleased' }>,
    decidedOn: number | null,
  ): void {
    // An inspection answers for its own steps alone.
    if (book.intent !== 'inspect')
      for (const [step, { offset }] of book.open)
        if (offset <= (decidedOn ?? record.offset))
          throw new Violation('I11', `released at ${record.offset} with ${step} open since ${offset}`);
    book.isOut = false;
    if (event.round !== null) openRound(book, event.round);
  }

  #decide(book: Book, record: LogRecord, event: Extract<WardenEvent, { type: 'Decided' }>): void {
    const round = `${event.token}/${event.round}`;
    if (book.decidedRounds.has(round)) throw new Violation('I8', `two decisions of round ${round}`);
    checkRound(book, record, event.round);
    if (event.basedOn !== book.evidence)
      throw new Violation(
        'evidence',
        `decided at ${record.offset} on ${event.basedOn}, the evidence is based on ${String(book.evidence)}`,
      );
    book.decidedRounds.add(round);
    if (event.outcome === 'manual-review') return;
    checkHeard(book, record, event.basedOn);
    book.isCaseOpen = false;
    // A decision takes a step for settled that may be done again; any other stays for a person.
    for (const [step, { offset, isRepeatable }] of book.open)
      if (isRepeatable && offset <= event.basedOn) book.open.delete(step);
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

  #report(book: Book, record: LogRecord, event: WardenEvent, hadEffect: boolean): void {
    if (!isReportEvent(event.type) || event.type === 'WriteRefused' || !('token' in event)) return;
    const { offset } = record;
    if (hadEffect && event.token === book.token) book.heardAt = offset;
    if (event.type === 'Heartbeat' && event.token === book.token && event.incarnation === book.holder)
      if (book.isOut) book.heartbeat = { offset, logMs: this.#logMs };
    if (event.type === 'StepStarted' && book.granted.has(event.token)) begin(book, event, offset);
    if (event.type === 'StepCompleted' && (event.outcome === 'ok' || event.outcome === 'not-applied'))
      if (event.token === book.token && book.isOut) book.open.delete(keyOf(event));
  }
}
