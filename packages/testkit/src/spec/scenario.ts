import { partialDeepStrictEqual } from 'node:assert/strict';
import {
  owedByAuthority,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  owedByProjector,
  type AuthorityDecision,
  type Folded,
  type Look,
  type Policy,
  type ProfileState,
  type StageKind,
} from '@profile-warden/domain';
import type { EventOf, RecordBody } from '@profile-warden/events';
import { PartitionLog } from './partition-log.ts';
import { request, type beat } from './worker-events.ts';

/** A record that is appended, or anything else that moves the log on. */
export type Move = RecordBody | ((log: PartitionLog) => void) | readonly Move[];

/** What should be true of profile `p1` now. Objects are compared as far as they go, lists by their length too. */
export interface Expected {
  readonly stage?: StageKind;
  readonly profile?: PartialDeep<ProfileState>;
  /** What the records of `when` did, in order. */
  readonly folded?: readonly Folded[];
  readonly authority?: readonly PartialDeep<AuthorityDecision>[];
  readonly detector?: PartialDeep<EventOf<'SuspectedStale'>> | null;
  readonly collector?: Partial<Look> | null;
  readonly decider?: PartialDeep<EventOf<'Decided'>> | null;
  readonly projector?: readonly string[];
}

type PartialDeep<T> = T extends readonly (infer One)[]
  ? readonly PartialDeep<One>[]
  : T extends object
    ? { readonly [K in keyof T]?: PartialDeep<T[K]> }
    : T;

export interface Given {
  readonly log: PartitionLog;
  when(...moves: readonly Move[]): Given;
  then(...checks: readonly (Expected | ((log: PartitionLog) => void))[]): Checked;
}

/** Goes on with `when` only: with a `then` of its own a test that returns it would be taken for a promise. */
export type Checked = Pick<Given, 'log' | 'when'>;

/** The log that these moves make. */
export const logOf = (...moves: readonly Move[]): PartitionLog => {
  const log = new PartitionLog();
  for (const move of moves) play(log, move);
  return log;
};

export const given = (...moves: readonly Move[]): Given => scenario(logOf(...moves), 0);

const scenario = (log: PartitionLog, whenAt: number): Given => {
  const when: Given['when'] = (...moves) => {
    const from = log.folded.length;
    for (const move of moves) play(log, move);
    return scenario(log, from);
  };
  return {
    log,
    when,
    then: (...checks) => {
      for (const check of checks)
        if (typeof check === 'function') check(log);
        else expectAll(log, whenAt, check);
      return { log, when };
    },
  };
};

const isList = (move: Move): move is readonly Move[] => Array.isArray(move);

const play = (log: PartitionLog, move: Move): void => {
  if (isList(move)) for (const one of move) play(log, one);
  else if (typeof move === 'function') move(log);
  else log.append(move);
};

const expectAll = (log: PartitionLog, whenAt: number, expected: Expected): void => {
  const { stage, profile, folded, authority, detector, collector, decider, projector } = expected;
  const actual = log.profile();
  if (stage !== undefined) matches({ stage: actual.stage.kind }, { stage });
  if (profile !== undefined) matches(actual, profile);
  if (folded !== undefined) matchesList(log.folded.slice(whenAt), folded);
  if (authority !== undefined) matchesList(owedByAuthority(log.caseOf()), authority);
  if (detector !== undefined) matches({ detector: owedByDetector(log.caseOf()) }, { detector });
  if (collector !== undefined) matches({ collector: owedByCollector(log.caseOf()) }, { collector });
  if (decider !== undefined) matches({ decider: owedByDecider(log.caseOf()) }, { decider });
  if (projector !== undefined) matchesList(owedByProjector(actual), projector);
};

const matches = (actual: unknown, expected: unknown): void => partialDeepStrictEqual(actual, expected);

const matchesList = (actual: readonly unknown[], expected: readonly unknown[]): void => {
  // A partial comparison takes a longer list for a match.
  if (actual.length !== expected.length) matches({ list: [...actual] }, { list: [...expected], end: true });
  for (const [index, one] of expected.entries()) matches({ list: actual[index] }, { list: one });
};

export const elapse =
  (ms: number): Move =>
  (log) =>
    log.elapse(ms);

export const withPolicy =
  (change: Partial<Policy>): Move =>
  (log) => {
    log.policy = { ...log.policy, ...change };
  };

/** The move, for another profile of the same partition. */
export const on =
  (profileId: string, event: RecordBody): Move =>
  (log) => {
    log.append(event, profileId);
  };

/** A record that must say where it stands. */
export const now =
  (event: (log: PartitionLog) => RecordBody): Move =>
  (log) => {
    log.append(event(log));
  };

export const authorityPays: Move = (log) => log.payAuthority();
export const everyonePays: Move = (log) => log.pay();

/** A lease, asked for and granted by the authority itself. */
export const granted = (requestId = 'r1', about: Parameters<typeof request>[1] = {}): Move => [
  request(requestId, about),
  authorityPays,
];

/** Beats at the policy's pace for so long. */
export const beating =
  (ms: number, heartbeat: ReturnType<typeof beat>): Move =>
  (log) => {
    for (let left = ms; left > 0; left -= log.policy.heartbeatEveryMs) {
      log.elapse(Math.min(left, log.policy.heartbeatEveryMs));
      log.append(heartbeat);
    }
  };
