import type { WardenEvent } from '@profile-warden/events';

export type WorkerName = 'w1' | 'w2';
export type Writer =
  | WorkerName
  | 'authority'
  | 'zombie'
  | 'detector'
  | 'collector'
  | 'decider'
  | 'projector'
  | 'reviewer'
  | 'operator';

/** A record that somebody has made up its mind to append. */
export interface Sent {
  readonly by: Writer;
  readonly event: WardenEvent;
  /** Offset of the last record an authority had folded when it decided; null for everybody else. */
  readonly decidedOn: number | null;
  /** Of heartbeats: true time since the sending. */
  readonly ageMs: number;
}

export type StepProgress = 'sent' | 'read-back' | 'done';

/** One run of a worker. It keeps every rule that a worker has. */
export interface WorkerState {
  readonly name: WorkerName;
  readonly isAlive: boolean;
  readonly askCount: number;
  /** The lease it has read of, if any. */
  readonly token: number | null;
  /** How much longer it may act, in true time; null before the first heartbeat was read back and past the deadline. */
  readonly leftMs: number | null;
  /** It has read that its lease has ended. */
  readonly isRevoked: boolean;
  readonly hasReleased: boolean;
  readonly steps: Readonly<Record<string, StepProgress>>;
}

/** One fence target with its row, the mark that goes before it, and a write that may be under way. */
export interface DatabaseState {
  readonly markedToken: number;
  readonly token: number;
  readonly isValid: boolean;
  readonly writingToken: number | null;
}

/** How often each kind of trouble may still happen. */
export interface Allowance {
  readonly takeovers: number;
  /** Intervals of true time without a tick. */
  readonly missedTicks: number;
  readonly stops: number;
  readonly forms: number;
  readonly writes: number;
  readonly crashes: number;
  /** Looks that take what lives for gone. */
  readonly wrongLooks: number;
  readonly blindLooks: number;
  readonly asks: number;
  /** Steps that may be begun: one that others could feel and none may repeat, one less so, one that only reads. */
  readonly pays: number;
  readonly mails: number;
  readonly looks: number;
}

/**
 * Everything that what happens next can depend on, as numbers of values in the tables of the model: the folded state
 * at the end of the log, what each process keeps to itself, what is on its way to the log, and the judges' books.
 */
export interface Situation {
  readonly view: number;
  readonly books: number;
  readonly workers: readonly [number, number];
  /** What each worker has sent and is not in the log yet; -1 for nothing. */
  readonly outboxes: readonly [number, number];
  readonly database: number;
  /** Decided by a service on an older view and not sent yet, in the order of their numbers. */
  readonly late: readonly number[];
  /** The transaction that the authority has made up and not committed. */
  readonly pending: readonly number[];
  /** The transaction that a deposed authority still holds. */
  readonly zombie: readonly number[];
  /** Forms that a reviewer has filled in and not sent. */
  readonly forms: readonly number[];
  readonly allowance: number;
}

export const keyOf = (one: Situation): string =>
  `${one.view},${one.books},${one.workers.join()},${one.outboxes.join()},${one.database},${one.allowance}` +
  `|${one.late.join()}|${one.pending.join()}|${one.zombie.join()}|${one.forms.join()}`;
