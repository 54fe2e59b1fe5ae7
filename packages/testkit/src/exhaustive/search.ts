import { Violation } from '../walk/ledger.ts';
import { hashOfAll, hashOfSet } from './hash.ts';
import type { Model } from './model.ts';
import { movesOf } from './moves.ts';
import { enterRoom, type Room } from './rooms.ts';
import { keyOf, type Situation } from './situation.ts';
import { Turn } from './turn.ts';

/** A set of V8 holds some 16.7 million; a room that is larger has to be searched less deep. */
const MAX_STATES = 16_000_000;

export interface Found {
  readonly violation: Violation;
  /** Which of the possible moves was made, one by one from the room on; the last one broke the invariant. */
  readonly path: readonly number[];
}

export interface Explored {
  /** New states by the number of actions that lead to them, the room itself first. */
  readonly levels: readonly number[];
  readonly transitions: number;
  /** Null when everything that can happen keeps every invariant. */
  readonly found: Found | null;
  /** One hash per state, to tell how many different ones several rooms have. */
  readonly hashes: Float64Array;
}

/**
 * Breadth first: every state that can be reached by so many actions, each once, so that the first violation met has the
 * shortest story there is.
 *
 * @throws RangeError when there are more states than can be told apart.
 */
export const explore = (model: Model, room: Room, depth: number): Explored =>
  new Search(model).run(room, depth);

class Search {
  readonly #model: Model;
  readonly #known = new Set<string>();
  readonly #hashes: number[] = [];
  /** By state: the one it was reached from, and by which of the moves there. */
  readonly #parents: number[] = [];
  readonly #moves: number[] = [];
  #transitions = 0;

  constructor(model: Model) {
    this.#model = model;
  }

  run(room: Room, depth: number): Explored {
    let frontier: Situation[] = [];
    const { situation: start, violation } = enterRoom(this.#model, room);
    this.#visit(start, -1, -1, frontier);
    const levels = [1];
    let found: Found | null = violation === null ? null : { violation, path: [] };
    while (levels.length <= depth && frontier.length > 0 && found === null) {
      const next: Situation[] = [];
      const first = this.#parents.length - frontier.length;
      for (const [place, situation] of frontier.entries()) {
        found = this.#expand(situation, first + place, next);
        if (found !== null) break;
      }
      if (found === null) levels.push(next.length);
      frontier = next;
    }
    return { levels, transitions: this.#transitions, found, hashes: Float64Array.from(this.#hashes) };
  }

  #expand(situation: Situation, visit: number, next: Situation[]): Found | null {
    for (const [index, move] of movesOf(this.#model, situation).entries()) {
      this.#transitions += 1;
      const turn = new Turn(this.#model, situation);
      try {
        move.play(turn);
        this.#visit(turn.end(), visit, index, next);
      } catch (error) {
        if (!(error instanceof Violation)) throw error;
        return { violation: error, path: [...this.#pathTo(visit), index] };
      }
    }
    return null;
  }

  #visit(situation: Situation, parent: number, move: number, next: Situation[]): void {
    const key = keyOf(situation);
    if (this.#known.has(key)) return;
    if (this.#known.size >= MAX_STATES)
      throw new RangeError(`more than ${MAX_STATES} states: lower the depth`);
    this.#known.add(key);
    this.#parents.push(parent);
    this.#moves.push(move);
    this.#hashes.push(hashOfSituation(this.#model, situation));
    next.push(situation);
  }

  #pathTo(visit: number): readonly number[] {
    const path: number[] = [];
    for (let at = visit; at > 0; at = this.#parents[at] ?? 0) path.unshift(this.#moves[at] ?? -1);
    return path;
  }
}

/** The same in every thread and run, whatever numbers the values have there. */
const hashOfSituation = (model: Model, one: Situation): number => {
  const { sent } = model;
  const hash = (record: number): number => (record < 0 ? 0 : sent.hash(record));
  return hashOfAll([
    model.views.hash(one.view),
    model.books.hash(one.books),
    ...one.workers.map((id) => model.workers.hash(id)),
    ...one.outboxes.map(hash),
    model.databases.hash(one.database),
    model.allowances.hash(one.allowance),
    hashOfSet(one.late.map(hash)),
    hashOfAll(one.pending.map(hash)),
    hashOfAll(one.zombie.map(hash)),
    hashOfSet(one.forms.map(hash)),
  ]);
};
