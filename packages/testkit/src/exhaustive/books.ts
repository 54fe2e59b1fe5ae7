import type { Folded } from '@profile-warden/domain';
import { isAuthorityEvent, isReportEvent, type EventOf, type WardenEvent } from '@profile-warden/events';
import { Violation } from '../walk/ledger.ts';
import { TINY_POLICY } from './tiny-policy.ts';

interface OpenStep {
  readonly key: string;
  readonly isSensitive: boolean;
  readonly offset: number;
}

/** The judges' own account of the log: plain data, a new one per record. */
export interface Books {
  /** Offset of the last barrier. */
  readonly barrier: number;
  readonly logMs: number;
  readonly lastTickAtMs: number | null;
  /** Last token granted with effect. */
  readonly token: number;
  readonly holderIncarnation: string;
  readonly intent: string;
  /** A lease runs: granted, and neither released nor quarantined since. */
  readonly isOut: boolean;
  readonly round: number;
  /** Nobody may be let in but an inspector, until a decision or a person says so. */
  readonly isCaseOpen: boolean;
  readonly isDecided: boolean;
  readonly answered: readonly string[];
  readonly targets: readonly string[];
  readonly confirmed: readonly string[];
  readonly grantedLogMs: number;
  readonly heartbeat: { readonly offset: number; readonly logMs: number } | null;
  /** The last word of the last holder. */
  readonly heardAt: number | null;
  /** What the complete evidence of this round was based on. */
  readonly evidence: { readonly basedOn: number } | null;
  /** Steps that others could feel, begun and not known to be settled. */
  readonly steps: readonly OpenStep[];
  /** Highest token under which the database has accepted a write, and for which it has confirmed a fence. */
  readonly writtenToken: number;
  readonly fencedToken: number;
}

/** A record as the judges are told of it. From the fold they take only whether it had an effect. */
export interface Entry {
  readonly event: WardenEvent;
  readonly offset: number;
  readonly folded: Folded;
  readonly decidedOn: number | null;
}

export const EMPTY_BOOKS: Books = {
  barrier: -1,
  logMs: 0,
  lastTickAtMs: null,
  token: 0,
  holderIncarnation: '',
  intent: '',
  isOut: false,
  round: 0,
  isCaseOpen: false,
  isDecided: false,
  answered: [],
  targets: [],
  confirmed: [],
  grantedLogMs: 0,
  heartbeat: null,
  heardAt: null,
  evidence: null,
  steps: [],
  writtenToken: 0,
  fencedToken: 0,
};

/**
 * Enters the record.
 *
 * @throws Violation when it breaks an invariant, or one of the rules that they stand on (`evidence`).
 */
export const enter = (books: Books, entry: Entry): Books => {
  const { event, folded } = entry;
  const hadEffect = folded === 'applied' || folded === 'beat';
  if (event.type === 'AuthorityEpochStarted') return { ...books, barrier: entry.offset };
  if (isAuthorityEvent(event.type)) judgeEpoch(books, entry, hadEffect);
  if (event.type === 'ClockTicked') return ticked(books, event);
  const heard = isReportEvent(event.type) ? reported(books, entry, hadEffect) : books;
  const noted = event.type === 'FenceConfirmed' ? promised(heard, event) : heard;
  return hadEffect ? accounted(noted, entry) : noted;
};

/** The broker's time is told from now on: it is 0 at every tick. */
const ticked = (books: Books, { intervalMs }: EventOf<'ClockTicked'>): Books => {
  const passedMs = books.lastTickAtMs === null ? 0 : Math.max(0, -books.lastTickAtMs);
  return { ...books, logMs: books.logMs + Math.min(passedMs, 2 * intervalMs), lastTickAtMs: 0 };
};

const judgeEpoch = ({ barrier }: Books, { event, folded }: Entry, hadEffect: boolean): void => {
  const epoch = 'epoch' in event ? event.epoch : -1;
  if (hadEffect && epoch !== barrier)
    throw new Violation('I5', `${event.type} of a deposed authority took effect`);
  if (!hadEffect && epoch === barrier)
    throw new Violation('I17', `${event.type} of the present authority was ${folded}`);
};

/** A step is held against the profile whether or not the fold took notice of it. */
const reported = (books: Books, { event, offset }: Entry, hadEffect: boolean): Books => {
  let next = books;
  if (!('token' in event)) return next;
  const isPresent = event.token === books.token;
  if (hadEffect && isPresent) next = { ...next, heardAt: offset };
  if (event.type === 'Heartbeat' && isPresent && books.isOut && event.incarnation === books.holderIncarnation)
    next = { ...next, heartbeat: { offset, logMs: books.logMs } };
  if (event.type === 'StepStarted') next = { ...next, steps: begun(next.steps, event, offset) };
  if (event.type === 'StepCompleted' && isPresent && books.isOut && event.outcome !== 'unknown')
    next = { ...next, steps: next.steps.filter(({ key }) => key !== `${event.token}:${event.stepId}`) };
  return next;
};

const begun = (
  steps: readonly OpenStep[],
  event: EventOf<'StepStarted'>,
  offset: number,
): readonly OpenStep[] => {
  const key = `${event.token}:${event.stepId}`;
  if (event.kind === 'read' || steps.some((step) => step.key === key)) return steps;
  return [...steps, { key, isSensitive: event.kind === 'sensitive', offset }];
};

/** The promise counts from when it is in the log, whatever the fold makes of it. */
const promised = (books: Books, { target, token }: EventOf<'FenceConfirmed'>): Books =>
  target === 'accounts' && token > books.fencedToken ? { ...books, fencedToken: token } : books;

const accounted = (books: Books, entry: Entry): Books => {
  const { event } = entry;
  switch (event.type) {
    case 'LeaseGranted':
      return granted(books, event, entry);
    case 'LeaseDenied':
      return answer(books, event.requestId);
    case 'LeaseReleased':
      return released(books, event, entry);
    case 'Quarantined':
      return quarantined(books, event);
    case 'ResumeExpired':
      return { ...books, round: event.round, isCaseOpen: true, isDecided: false };
    case 'FenceConfirmed':
      return { ...books, confirmed: [...books.confirmed, event.target].sort() };
    case 'EvidenceCollected':
      return evidenced(books, event);
    case 'Decided':
      return decided(books, event);
    case 'ReviewResolved':
      return reviewed(books, event);
    case 'SuspectedStale':
      judgeSuspicion(books, event);
      return books;
    default:
      return books;
  }
};

const answer = (books: Books, requestId: string): Books => {
  if (books.answered.includes(requestId))
    throw new Violation('I6', `request ${requestId} was answered twice`);
  return { ...books, answered: [...books.answered, requestId].sort() };
};

const granted = (books: Books, event: EventOf<'LeaseGranted'>, { offset, decidedOn }: Entry): Books => {
  const { token, intent } = event;
  if (token === books.token) throw new Violation('I2', `token ${token} was granted twice`);
  if (token < books.token) throw new Violation('I1', `token ${token} was granted after ${books.token}`);
  if (books.isOut) throw new Violation('I3', `token ${token} was granted while ${books.token} had not ended`);
  if (intent !== 'inspect') {
    if (books.isCaseOpen) throw new Violation('I8', `token ${token} was granted in an open case`);
    for (const step of books.steps)
      if (step.isSensitive && step.offset <= (decidedOn ?? offset))
        throw new Violation('I11', `token ${token} was granted with ${step.key} open`);
  }
  return {
    ...answer(books, event.requestId),
    token,
    intent,
    holderIncarnation: event.holder.incarnation,
    isOut: true,
    round: 0,
    isDecided: false,
    targets: [],
    confirmed: [],
    grantedLogMs: books.logMs,
    heartbeat: null,
    heardAt: null,
    evidence: null,
  };
};

const released = (books: Books, event: EventOf<'LeaseReleased'>, { offset, decidedOn }: Entry): Books => {
  if (books.intent !== 'inspect')
    for (const step of books.steps)
      if (step.offset <= (decidedOn ?? offset))
        throw new Violation('I11', `token ${event.token} was released with ${step.key} open`);
  const isCaseOpen = event.round !== null;
  return { ...books, isOut: false, round: event.round ?? books.round, isCaseOpen, isDecided: false };
};

const quarantined = (books: Books, { round, fenceTargets }: EventOf<'Quarantined'>): Books => {
  if (round <= books.round) throw new Violation('I8', `round ${round} came after ${books.round}`);
  return {
    ...books,
    isOut: false,
    round,
    isCaseOpen: true,
    isDecided: false,
    targets: [...fenceTargets].sort(),
    confirmed: [],
    evidence: null,
  };
};

const evidenced = (books: Books, event: EventOf<'EvidenceCollected'>): Books => {
  for (const target of books.targets)
    if (!books.confirmed.includes(target))
      throw new Violation('I9', `evidence before ${target} had confirmed its fence`);
  return event.complete ? { ...books, evidence: { basedOn: event.basedOn } } : books;
};

/** Nobody is let in on what was seen before the holder spoke once more. */
const judgeFreed = ({ heardAt }: Books, basedOn: number): void => {
  if (heardAt !== null && heardAt > basedOn)
    throw new Violation('evidence', 'freed on what was seen before the holder spoke once more');
};

const decided = (books: Books, { outcome, round, basedOn }: EventOf<'Decided'>): Books => {
  if (round !== books.round) throw new Violation('I8', `round ${books.round} was decided as ${round}`);
  if (books.isDecided) throw new Violation('I8', `round ${round} was decided twice`);
  if (books.evidence === null) throw new Violation('evidence', `round ${round} was decided without any`);
  if (basedOn !== books.evidence.basedOn)
    throw new Violation('evidence', `round ${round} was decided on another offset than its evidence`);
  const isCaseOpen = outcome === 'manual-review';
  if (!isCaseOpen) judgeFreed(books, books.evidence.basedOn);
  return { ...books, isDecided: true, isCaseOpen };
};

const reviewed = (books: Books, { outcome, round, basedOn }: EventOf<'ReviewResolved'>): Books => {
  if (round !== books.round)
    throw new Violation('I8', `round ${books.round} was ended by a review of ${round}`);
  if (outcome === 'retired') return books;
  judgeFreed(books, basedOn);
  return { ...books, isCaseOpen: false, steps: books.steps.filter(({ offset }) => offset > basedOn) };
};

const judgeSuspicion = (books: Books, { cause, basedOn }: EventOf<'SuspectedStale'>): void => {
  if (cause !== 'heartbeat-stopped') return;
  const cited = books.heartbeat?.offset ?? null;
  if (basedOn !== cited) throw new Violation('I10', 'a suspicion cites another heartbeat than the last');
  const silenceMs = books.logMs - (books.heartbeat?.logMs ?? books.grantedLogMs);
  if (silenceMs < TINY_POLICY.suspectAfterMs) throw new Violation('I10', `suspected after ${silenceMs} ms`);
};

/** A write has been committed at the database. */
export const written = (books: Books, token: number): Books => {
  if (token < books.writtenToken)
    throw new Violation(
      'I4',
      `a write with token ${token} was accepted after one with ${books.writtenToken}`,
    );
  if (token <= books.fencedToken)
    throw new Violation('I4', `a write with token ${token} was accepted, its fence had been confirmed`);
  return { ...books, writtenToken: token };
};
