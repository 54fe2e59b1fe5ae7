import { PartitionLog } from '../spec/index.ts';
import { Violation } from '../walk/ledger.ts';
import { EMPTY_BOOKS } from './books.ts';
import type { Model } from './model.ts';
import { movesOf } from './moves.ts';
import type { Allowance, Situation, WorkerName, WorkerState } from './situation.ts';
import { Turn } from './turn.ts';
import { viewOf } from './view.ts';

/** A situation to start from: what happened before, by the names of the moves, and the troubles that may follow. */
export interface Room {
  readonly name: string;
  readonly about: string;
  readonly path: readonly string[];
  readonly allowance: Partial<Allowance>;
  /** Actions to which everything that can happen is tried. */
  readonly depth: number;
}

const NO_TROUBLE: Allowance = {
  takeovers: 0,
  missedTicks: 0,
  stops: 0,
  forms: 0,
  writes: 0,
  crashes: 0,
  wrongLooks: 0,
  blindLooks: 0,
  asks: 0,
  pays: 0,
  mails: 0,
  looks: 0,
};

const TICK = 'time passes, the detector ticks';
const ASKED = ['w1 asks (fresh)', 'the authority pays: LeaseGranted', 'the projector advances the fence row'];
const GRANTED = [...ASKED, 'w1 beats'];
const HELD = [...GRANTED, 'w2 asks (fresh)'];
const QUARANTINED = [
  TICK,
  TICK,
  'the detector pays: SuspectedStale',
  TICK,
  TICK,
  'the authority pays: Quarantined',
];
const RAISED = ['the projector marks the token revoked', 'the projector raises the fence row'];
const CONFIRMED = [
  'the projector confirms the fence of accounts',
  'the projector confirms the fence of orders',
];
const INSPECTED = [
  ...QUARANTINED,
  ...RAISED,
  ...CONFIRMED,
  TICK,
  'the collector wrongly finds the holder gone',
];
const LOOKED = ['w1 begins to look', 'w1 has done: look'];
const STOPPED = [
  'the operator stops the profile',
  'the authority pays: Quarantined',
  ...RAISED,
  ...CONFIRMED,
];
const IN_REVIEW = [...HELD, 'w1 begins to pay', ...INSPECTED, 'the decider pays: Decided'];

export const ROOMS: readonly Room[] = [
  {
    name: 'free',
    about: 'nobody has asked for the profile yet',
    path: [],
    allowance: { takeovers: 1, asks: 3, crashes: 1 },
    depth: 8,
  },
  {
    name: 'held',
    about: 'the first worker has the profile, the second waits',
    path: HELD,
    allowance: { takeovers: 1, pays: 1, mails: 1 },
    depth: 8,
  },
  {
    name: 'written',
    about:
      'the first worker has the profile and account services write on its behalf; an operator may stop it',
    path: HELD,
    allowance: { writes: 2, stops: 1 },
    depth: 9,
  },
  {
    name: 'silent',
    about: 'the holder has been silent for long enough to be suspected',
    path: [...HELD, TICK, TICK],
    allowance: { takeovers: 1, missedTicks: 1 },
    depth: 8,
  },
  {
    name: 'stopped',
    about: 'an operator has stopped the holder right after a heartbeat; the fence is confirmed',
    path: [...HELD, ...STOPPED],
    allowance: { wrongLooks: 1, missedTicks: 1, forms: 1 },
    depth: 10,
  },
  {
    name: 'quarantined',
    about:
      'the holder was silent for a whole lease, in the middle of something sensitive; the fence is not up',
    path: [...HELD, 'w1 begins to pay', ...QUARANTINED],
    allowance: { takeovers: 1, writes: 1, wrongLooks: 1, blindLooks: 1 },
    depth: 9,
  },
  {
    name: 'fenced',
    about: 'a worker was given the profile and never heard of again; the fence is confirmed, looks are due',
    path: [...ASKED, ...QUARANTINED, ...RAISED, ...CONFIRMED, TICK],
    allowance: { wrongLooks: 1, blindLooks: 2, forms: 1, stops: 1 },
    depth: 7,
  },
  {
    name: 'inspected',
    about: 'a look has found the holder gone, although it is only slow; it had done nothing but look',
    path: [...HELD, ...LOOKED, ...INSPECTED],
    allowance: { takeovers: 1, stops: 1 },
    depth: 8,
  },
  {
    name: 'resumable',
    about: 'the profile is kept for the task, which the second worker may resume',
    path: [...GRANTED, ...LOOKED, ...INSPECTED, 'the decider pays: Decided'],
    allowance: { takeovers: 1, asks: 1, stops: 1, pays: 1 },
    depth: 7,
  },
  {
    name: 'handed-on',
    about:
      'the second worker has resumed; something sensitive that the first one said it would do is still under way',
    path: [
      ...GRANTED,
      ...LOOKED,
      'w1 begins to pay, which is under way',
      ...INSPECTED,
      'the decider pays: Decided',
      'w2 asks (resume)',
      'the authority pays: LeaseGranted',
      'the projector advances the fence row',
      'w2 beats',
    ],
    allowance: { takeovers: 1, pays: 1, writes: 1 },
    depth: 7,
  },
  {
    name: 'in-review',
    about: 'a person must judge a sensitive step with an unknown outcome; the reviewer takes its time',
    path: IN_REVIEW,
    allowance: { takeovers: 1, forms: 2, asks: 1 },
    depth: 7,
  },
  {
    name: 'under-inspection',
    about: 'the second worker has the profile open for the reviewer, who has filled in a form before',
    path: [
      ...GRANTED,
      'w1 begins to pay',
      ...INSPECTED,
      'the decider pays: Decided',
      'the reviewer fills in a form: available',
      'w2 asks (inspect)',
      'the authority pays: LeaseGranted',
      'the projector advances the fence row',
      'w2 beats',
    ],
    allowance: { takeovers: 1, forms: 1, stops: 1 },
    depth: 7,
  },
  {
    name: 'in-review-again',
    about:
      'freed by a review, stopped by an operator, in review again; a form of the first round is still open',
    path: [
      ...IN_REVIEW,
      'the reviewer fills in a form: available',
      'the reviewer fills in a form: available',
      'the reviewer sends a form of round 1: available',
      'the operator stops the profile',
      'the authority pays: Quarantined',
      ...CONFIRMED,
      TICK,
      'the collector wrongly finds the holder gone',
      'the decider pays: Decided',
    ],
    allowance: { takeovers: 1, forms: 1, crashes: 1 },
    depth: 8,
  },
];

const newWorker = (name: WorkerName): WorkerState => ({
  name,
  isAlive: true,
  askCount: 0,
  token: null,
  leftMs: null,
  isRevoked: false,
  hasReleased: false,
  steps: {},
});

const initial = (model: Model, allowance: Allowance): Situation => {
  const { state } = new PartitionLog();
  const barrier = state.epoch;
  const view = viewOf(state);
  const start: Situation = {
    view: model.views.id({ ...view, lastTickAtMs: 0 }),
    books: model.books.id({ ...EMPTY_BOOKS, barrier, logMs: view.logMs, lastTickAtMs: 0 }),
    workers: [model.workers.id(newWorker('w1')), model.workers.id(newWorker('w2'))],
    outboxes: [-1, -1],
    database: model.databases.id({ markedToken: 0, token: 0, isValid: false, writingToken: null }),
    late: [],
    pending: [],
    zombie: [],
    forms: [],
    allowance: model.allowances.id(allowance),
  };
  return new Turn(model, start).end();
};

/** What leads into a room may need troubles of its own; they are used up on the way. */
const PLENTY: Allowance = {
  takeovers: 9,
  missedTicks: 9,
  stops: 9,
  forms: 9,
  writes: 9,
  crashes: 9,
  wrongLooks: 9,
  blindLooks: 9,
  asks: 9,
  pays: 9,
  mails: 9,
  looks: 9,
};

export interface Entrance {
  readonly turns: readonly Turn[];
  readonly situation: Situation;
  /** An invariant that breaks on the way already. */
  readonly violation: Violation | null;
}

/**
 * The turns that lead into the room, and the situation in it.
 *
 * @throws Error where something on the way cannot happen.
 */
export const enterRoom = (model: Model, room: Room): Entrance => {
  const turns: Turn[] = [];
  let situation = initial(model, PLENTY);
  for (const name of room.path) {
    const move = movesOf(model, situation).find((one) => one.name === name);
    if (move === undefined)
      throw new Error(
        `room ${room.name}: "${name}" cannot happen here, only\n${movesOf(model, situation)
          .map((one) => `  ${one.name}`)
          .join('\n')}`,
      );
    const turn = new Turn(model, situation);
    turns.push(turn);
    try {
      move.play(turn);
      situation = turn.end();
    } catch (error) {
      if (error instanceof Violation) return { turns, situation, violation: error };
      throw error;
    }
  }
  const allowance = model.allowances.id({ ...NO_TROUBLE, ...room.allowance });
  return { turns, situation: { ...situation, allowance }, violation: null };
};
