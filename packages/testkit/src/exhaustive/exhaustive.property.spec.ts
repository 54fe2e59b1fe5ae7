import { owedByAuthority, owedByCollector, owedByDecider, owedByDetector } from '@profile-warden/domain';
import type { WardenEvent } from '@profile-warden/events';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { PartitionLog } from '../spec/index.ts';
import { Random } from '../walk/random.ts';
import { Model } from './model.ts';
import { movesOf } from './moves.ts';
import { RealOffsets, type Told } from './real-offsets.ts';
import { ROOMS, enterRoom, type Room } from './rooms.ts';
import type { Situation } from './situation.ts';
import { TINY_POLICY } from './tiny-policy.ts';
import { Turn } from './turn.ts';

/** What is only told to people; a situation knows no calendar and no age above what matters. */
const DISPLAYED: ReadonlySet<string> = new Set([
  'epoch',
  'since',
  'silenceMs',
  'retryAfterMs',
  'policyVersion',
]);

const essential = (events: readonly object[]): unknown =>
  events.map((event) => Object.fromEntries(Object.entries(event).filter(([name]) => !DISPLAYED.has(name))));

/** A real log beside the search: nothing renamed, nothing left out, no time cut short. */
class Beside {
  readonly log = new PartitionLog();
  readonly offsets = new RealOffsets();
  readonly model: Model;

  constructor(model: Model) {
    this.model = model;
    this.log.policy = TINY_POLICY;
  }

  append(turn: Turn): void {
    for (const told of this.offsets.tell(turn)) this.#check(told);
  }

  #check({ event, folded, offset, passedMs }: Told): void {
    if (event.type === 'ClockTicked') this.log.tick(passedMs);
    else this.log.append(event);
    expect([this.log.folded.at(-1), this.log.nextOffset - 1]).toEqual([folded, offset]);
  }

  /** Both are in the same stage and owe the same. */
  compare({ view }: Situation): void {
    const { log, model } = this;
    const profile = model.views.value(view).profile;
    if (profile === null) return;
    expect([profile.stage.kind, profile.token, profile.round]).toEqual([
      log.profile().stage.kind,
      log.profile().token,
      log.profile().round,
    ]);
    const one = log.caseOf();
    const owed = (by: 'authority' | 'detector' | 'decider'): WardenEvent[] =>
      model.owed(by, view).map((record) => this.offsets.real(model.sent.value(record).event));
    expect(essential(owed('authority'))).toEqual(essential(owedByAuthority(one)));
    expect(essential(owed('detector'))).toEqual(essential(listOf(owedByDetector(one))));
    expect(essential(owed('decider'))).toEqual(essential(listOf(owedByDecider(one))));
    const look = owedByCollector(one);
    const looks = model.look(view, 'gone').map((record) => model.eventOf(record, 'EvidenceCollected'));
    expect(looks.map((event) => event?.attempt)).toEqual(listOf(look?.attempt ?? null));
  }
}

const listOf = <T>(one: T | null): T[] => (one === null ? [] : [one]);

const roam = (room: Room, seed: number, stepCount: number): void => {
  const model = new Model();
  const beside = new Beside(model);
  const { turns, situation: start } = enterRoom(model, room);
  for (const turn of turns) beside.append(turn);
  let situation = start;
  beside.compare(situation);
  for (let step = 0; step < stepCount; step += 1) {
    const move = Random.ofStep(seed, step).pick(movesOf(model, situation));
    const turn = new Turn(model, situation);
    move.play(turn);
    situation = turn.end();
    beside.append(turn);
    beside.compare(situation);
  }
};

describe(
  'a situation, with offsets renamed, old times cut short and much left out',
  { timeout: 60_000 },
  () => {
    it.each(ROOMS.map((room) => [room.name, room] as const))(
      'folds and owes what a real log does, from room %s on',
      (_name, room) => {
        fc.assert(
          fc.property(fc.integer({ min: 1, max: 1_000_000 }), (seed) => roam(room, seed, 60)),
          { numRuns: 25 },
        );
      },
    );
  },
);
