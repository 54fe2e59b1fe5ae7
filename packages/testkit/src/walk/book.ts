import type { LogRecord, WardenEvent } from '@profile-warden/events';
import { Violation } from './violation.ts';

interface OpenStep {
  readonly offset: number;
  readonly isSensitive: boolean;
  readonly isRepeatable: boolean;
}

/** What the ledger knows of one profile. */
export interface Book {
  granted: Set<number>;
  token: number;
  intent: string;
  /** A lease runs: granted, and neither released nor quarantined since. */
  isOut: boolean;
  round: number;
  /** From a quarantine on: nobody may be let in but an inspector until a decision or a person says so. */
  isCaseOpen: boolean;
  decidedRounds: Set<string>;
  /** What the complete evidence of the round is based on, null where there is none. */
  evidence: number | null;
  /** Offset of the last effective report under the present token. */
  heardAt: number | null;
  targets: Set<string>;
  confirmed: Set<string>;
  holder: string;
  grantedLogMs: number;
  heartbeat: { offset: number; logMs: number } | null;
  /** Steps that others could feel, begun under a granted token and not known to be settled, by `token:stepId`. */
  open: Map<string, OpenStep>;
}

export const newBook = (): Book => ({
  granted: new Set(),
  token: 0,
  intent: '',
  isOut: false,
  round: 0,
  isCaseOpen: false,
  decidedRounds: new Set(),
  evidence: null,
  heardAt: null,
  targets: new Set(),
  confirmed: new Set(),
  holder: '',
  grantedLogMs: 0,
  heartbeat: null,
  open: new Map(),
});

export const keyOf = ({ token, stepId }: { readonly token: number; readonly stepId: string }): string =>
  `${token}:${stepId}`;

export const begin = (
  { open }: Book,
  event: Extract<WardenEvent, { type: 'StepStarted' }>,
  offset: number,
): void => {
  const isSensitive = event.kind === 'sensitive';
  if (!isSensitive && event.kind !== 'side-effect') return;
  const key = keyOf(event);
  if (!open.has(key)) open.set(key, { offset, isSensitive, isRepeatable: !isSensitive && event.repeatable });
};

export const openRound = (book: Book, round: number): void => {
  book.round = round;
  book.isCaseOpen = true;
  book.evidence = null;
};

/** What was concluded about one round settles no other. */
export const checkRound = (book: Book, { event, offset }: LogRecord, round: number): void => {
  if (round !== book.round)
    throw new Violation(
      'I8',
      `${event.type} at ${offset} of round ${round} took effect in round ${book.round}`,
    );
};

/** Nobody is let in on what was seen before the holder spoke once more. */
export const checkHeard = ({ heardAt }: Book, { event, offset }: LogRecord, basedOn: number): void => {
  if (heardAt !== null && heardAt > basedOn)
    throw new Violation(
      'evidence',
      `${event.type} at ${offset} rests on ${basedOn}, the holder spoke at ${heardAt}`,
    );
};
