import { canonicalState, type Case } from '@profile-warden/domain';
import { isAuthorityEvent } from '@profile-warden/events';
import { registered } from '../spec/index.ts';
import { Authority } from './authorities.ts';
import { checkDeadlines, isAtRest } from './duties.ts';
import { Fleet } from './fleet.ts';
import { Violation } from './ledger.ts';
import { People } from './people.ts';
import { Random } from './random.ts';
import { lag } from './reader.ts';
import { Collector, Decider, Detector, Projector, type Running, type Service } from './services.ts';
import { PROFILES, World } from './world.ts';
import { WALK_POLICY } from './walk-policy.ts';

const MAX_ZOMBIES = 2;
/** Briskness of a walk in which everybody but the workers hurries. */
const HASTY = 2;
/** Ticks within which everything must come to rest once faults end. */
const REST_BOUND = 500;

/** One random walk: a fleet, its services and its people, each at its own pace on one partition. */
export class Walk {
  readonly world = new World();
  #authority: Authority;
  #zombies: Authority[] = [];
  readonly #detectors: readonly Detector[];
  readonly #collectors: readonly Collector[];
  readonly #deciders: readonly Decider[];
  readonly #projectors: readonly Projector[];
  readonly #people: People;
  readonly #fleet: Fleet;
  readonly #seed: number;
  /** How often the services get their turn besides: sluggish walks mix states, brisk ones get far. */
  readonly #briskness: number;

  constructor(seed: number) {
    this.#seed = seed;
    const { world } = this;
    world.random = Random.ofStep(seed, -1);
    world.isKafkaFenced = world.random.chance(0.5);
    this.#briskness = world.random.pick([0, 0.5, 1, HASTY]);
    this.#authority = new Authority(world, 'a0', null);
    this.#detectors = [new Detector(world), new Detector(world)];
    this.#fleet = new Fleet(world);
    const running = (incarnation: string): Running | undefined => this.#fleet.find(incarnation);
    this.#collectors = [new Collector(world, running), new Collector(world, running)];
    const error = world.random.pick([0, 0.7]);
    for (const collector of this.#collectors) collector.error = error;
    this.#deciders = [new Decider(world), new Decider(world)];
    this.#projectors = [new Projector(world), new Projector(world)];
    this.#people = new People(world);
    for (const profileId of PROFILES)
      if (world.random.chance(0.4)) world.append({ event: registered({ sharedStorage: true }), profileId });
    for (let count = 0; count < 3; count += 1) this.#fleet.hire();
  }

  step(index: number): void {
    const { world } = this;
    world.random = Random.ofStep(this.#seed, index);
    const { random } = world;
    random.weighted<() => void>([
      [32, () => this.#passTime()],
      [5, () => this.#pay(this.#detectors)],
      [14, () => this.#decide()],
      [6, () => this.#pay(this.#projectors)],
      [7, () => this.#pay(this.#collectors)],
      [5, () => this.#pay(this.#deciders)],
      [5, () => world.sendLate()],
      [46, () => this.#fleet.work()],
      [3, () => this.#fleet.hire()],
      [6, () => this.#involvePeople()],
      [1.5, () => this.#takeOver()],
      [1, () => this.#restart()],
      [0.5, () => this.#damage()],
      [2, () => this.#repeat()],
      [2, () => this.#cases().forEach(checkDeadlines)],
    ])();
    this.#fleet.check();
    if (this.#briskness === HASTY) this.#hurry();
    if (!random.chance(this.#briskness)) return;
    this.#decide();
    this.#pay(
      random.pick<readonly Service[]>([this.#detectors, this.#projectors, this.#collectors, this.#deciders]),
    );
  }

  /** Profiles change hands as fast as the protocol allows, so that a lagging holder is overtaken if it can be. */
  #hurry(): void {
    const { random } = this.world;
    for (const services of [this.#projectors, this.#collectors, this.#deciders]) this.#pay(services);
    this.#people.reader.advance();
    if (random.chance(0.05)) this.#people.operate();
    this.#people.judgeAtOnce();
    this.#authority.read(Infinity);
    if (this.#authority.isDeposed) return;
    this.#authority.decide();
    this.#authority.commit();
    this.#fleet.check();
  }

  #passTime(): void {
    const { world } = this;
    const { random } = world;
    world.nowMs += random.chance(0.02) ? random.between(20, 200) : random.between(6, 14);
    if (random.chance(0.02)) world.jumpClock();
    const detector = random.chance(0.85) ? this.#detectors[0] : this.#detectors[1];
    detector?.reader.advance(random.chance(0.9) ? Infinity : 3);
    detector?.tick();
  }

  #pay(services: readonly Service[]): void {
    const service = this.world.random.pick(services);
    service.reader.advance(lag(this.world, service.reader));
    service.pay();
  }

  #decide(): void {
    const { random } = this.world;
    const authority =
      this.#zombies.length > 0 && random.chance(0.2) ? random.pick(this.#zombies) : this.#authority;
    if (random.chance(0.7)) authority.read(lag(this.world, authority.reader));
    if (authority.isDeposed) return;
    if (random.chance(0.7)) authority.decide();
    if (random.chance(0.6)) authority.commit();
    this.#fleet.check();
    if (random.chance(0.05)) authority.reject();
    // The answer to a commit was lost: whether it is in the log, only a takeover can tell.
    if (random.chance(0.01)) this.#takeOver();
  }

  #takeOver(): void {
    const { world } = this;
    this.#zombies = [...this.#zombies, this.#authority].slice(-MAX_ZOMBIES);
    const source = world.random.pick([null, this.#deciders[0]?.reader ?? null, this.#authority.reader]);
    this.#authority = new Authority(world, `a${world.records.length}`, source);
  }

  #involvePeople(): void {
    const { random } = this.world;
    const people = this.#people;
    people.reader.advance(lag(this.world, people.reader));
    random.weighted<() => void>([
      [5, () => people.openForm()],
      [4, () => people.judgeAtOnce()],
      [5, () => people.submitForm()],
      [1.5, () => people.operate()],
      [1.5, () => people.speakOfHost()],
    ])();
  }

  #restart(): void {
    const { random } = this.world;
    const services: readonly Service[] = [
      ...this.#detectors,
      ...this.#collectors,
      ...this.#deciders,
      ...this.#projectors,
    ];
    const source = random.pick(services).reader;
    const { reader } = random.pick(services);
    // A snapshot may be older than what was folded, and a service then reads on from there.
    reader.restart(random.chance(0.3) ? null : source);
  }

  #damage(): void {
    const { random } = this.world;
    const profileId = random.pick(PROFILES);
    const event = random.chance(0.5)
      ? ({ type: 'undecodable', claimedType: 'StepStarted', detail: 'cut short' } as const)
      : ({ type: 'foreign', detail: 'no magic byte' } as const);
    this.world.append({ event, profileId });
  }

  /** A send whose acknowledgement was lost is made again. */
  #repeat(): void {
    const { event, profileId } = this.world.random.pick(this.world.records.slice(-10));
    if (event.type === 'ClockTicked' || isAuthorityEvent(event.type)) return;
    this.world.append({ event, profileId: profileId ?? '' });
  }

  #cases(): Case[] {
    const { state } = this.world;
    return [...state.profiles.values()].map((profile) => ({ state, profile, policy: WALK_POLICY }));
  }

  /** Faults end. Everything owed must be paid, every request answered, and every service see the same. */
  heal(): void {
    const { world } = this;
    world.random = Random.ofStep(this.#seed, -2);
    this.#zombies = [];
    this.#takeOver();
    for (const collector of this.#collectors) {
      collector.blindness = 0;
      collector.error = 0;
    }
    const isFleetGone = world.random.chance(0.5);
    this.#fleet.end(isFleetGone);
    for (let round = 0; round < REST_BOUND; round += 1) {
      this.#healRound();
      if (this.#isAtRest()) {
        this.#checkAllSeeTheSame();
        world.count('came to rest');
        return;
      }
    }
    const stages = this.#cases().map(({ profile }) => [profile.stage, profile.requests, profile.pulse]);
    throw new Violation('I16', `no rest within ${REST_BOUND} ticks: ${JSON.stringify(stages)}`);
  }

  #healRound(): void {
    const { world } = this;
    while (world.late.length > 0) world.sendLate();
    world.nowMs += WALK_POLICY.tickEveryMs;
    for (const service of [...this.#detectors, ...this.#projectors, ...this.#collectors, ...this.#deciders]) {
      service.reader.advance();
      if (service === this.#detectors[0]) this.#detectors[0].tick();
      service.pay();
    }
    this.#authority.read(Infinity);
    this.#authority.decide();
    this.#authority.commit();
    this.#fleet.behave();
  }

  #isAtRest(): boolean {
    const { records, state } = this.world;
    for (const { event } of records)
      if (event.type === 'LeaseRequested' && this.world.ledger.answersTo(event.requestId) !== 1) return false;
    if (this.#authority.reader.state.nextOffset !== state.nextOffset) this.#authority.read(Infinity);
    return this.#cases().every(isAtRest);
  }

  /** Live state, state from the start and state from snapshots are the same state. */
  #checkAllSeeTheSame(): void {
    const { world } = this;
    const whole = canonicalState(world.state);
    const services: readonly Service[] = [
      ...this.#detectors,
      ...this.#collectors,
      ...this.#deciders,
      ...this.#projectors,
    ];
    const readers = [this.#authority.reader, world.reader(), ...services.map((service) => service.reader)];
    for (const reader of readers) {
      reader.advance();
      if (canonicalState(reader.state) !== whole) throw new Violation('I12', 'two readers of one log differ');
    }
  }
}

/** Walks the given steps of a seed, heals, and tells what was seen; throws the first violation. */
export const walk = (seed: number, steps: Iterable<number>): Walk['world'] => {
  const one = new Walk(seed);
  for (const index of steps) one.step(index);
  one.heal();
  return one.world;
};
