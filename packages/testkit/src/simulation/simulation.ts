import type { Folded } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import type { RuntimeSignal } from '@profile-warden/service';
import { MemoryLog, VirtualClock } from '../memory/index.ts';
import { Violation } from '../walk/ledger.ts';
import type { Random } from '../walk/random.ts';
import { Chronicle } from './chronicle.ts';
import { Databases } from './database/databases.ts';
import type { AskedWrite } from './database/write-books.ts';
import { Ending } from './ending.ts';
import { symbolsOf } from './event-symbols.ts';
import { FaultChoice } from './fault-choice.ts';
import { SimHosts } from './disk/sim-hosts.ts';
import { Faults } from './faults.ts';
import { Fleet } from './fleet.ts';
import type { Act } from './held.ts';
import { Interference } from './interference.ts';
import { Judge } from './judge.ts';
import { People } from './people.ts';
import { SeededNetwork } from './seeded-network.ts';
import { SeededStreams } from './seeded-streams.ts';
import { ServiceProcess } from './service-process.ts';
import { serviceKinds } from './services.ts';
import { SIM_POLICY } from './sim-policy.ts';

export interface SimulationOptions {
  /** Ms of virtual time in which things go wrong. Default 38,000. */
  readonly faultMs?: number;
  /** Names of the only faults that may strike, as the story of a run has them; null: all. Default null. */
  readonly only?: Iterable<string> | null;
}

export const DEFAULT_FAULT_MS = 38_000;

/** The second has a partition to itself, by Kafka's hash. */
const PROFILE_IDS = ['p6', 'p1', 'p7'];
const PARTITIONS = 2;
const SESSION_MS = 3_000;
/** The invariants are checked this often, and after it time goes on. */
export const STEP_MS = 100;
/** Virtual time within which everything must come to rest once nothing goes wrong any more. */
const REST_MS_MAX = 300_000;
/** Whatever is still on its way when things are healed has arrived by then: a write may lie in a queue for 12 seconds. */
const LATEST_MS = 14_500;
const TWO_PLACES: readonly string[] = ['lease-authority', 'stale-detector', 'projector'];
/** By then everybody has started, and somebody holds a profile. */
const FIRST_FAULT_MS = 3_000;

/**
 * All services as they are, workers and people on one topic in memory, under one seed.
 *
 * *Faults*: things go wrong, and after every step every invariant must hold → *healed*: nothing goes wrong any more and
 * nobody asks for anything new → *at rest* within a bound, with everybody seeing the same state.
 */
export class Simulation {
  /** How often each event took effect, each rule decided, each fault struck. */
  readonly seen = new Map<string, number>();
  readonly chronicle = new Chronicle();
  readonly judge: Judge;
  readonly log: MemoryLog;
  steps = 0;
  readonly #clock = new VirtualClock();
  readonly #random: Random;
  readonly #streams: SeededStreams;
  readonly #choice: FaultChoice;
  readonly #network: SeededNetwork;
  readonly #hosts: SimHosts;
  readonly #databases: Databases;
  readonly #services: readonly ServiceProcess[];
  readonly #fleet: Fleet;
  readonly #people: People;
  readonly #faults: Faults;
  readonly #interference: Interference;
  readonly #faultMs: number;
  readonly #ending: Ending;
  #alarm: Violation | null = null;

  constructor(seed: number, options: SimulationOptions = {}) {
    const streams = new SeededStreams(seed, this.#clock);
    this.#streams = streams;
    this.#random = streams.of('run');
    this.#choice = new FaultChoice(options.only ?? null);
    this.#faultMs = options.faultMs ?? DEFAULT_FAULT_MS;
    this.#network = new SeededNetwork(streams.timed('network'), (fault, kind) =>
      this.#struck('n', `${fault} ${kind}`),
    );
    this.log = new MemoryLog({
      clock: this.#clock,
      network: this.#network,
      partitionCount: PARTITIONS,
      sessionMs: SESSION_MS,
      fences: this.#random.chance(0.5),
    });
    const { log } = this;
    this.#hosts = new SimHosts({
      clock: this.#clock,
      random: streams.timed('hosts'),
      struck: (fault, whom) => this.#struck('l', fault, whom),
    });
    for (const profileId of PROFILE_IDS) if (this.#random.chance(0.25)) this.#hosts.share(profileId);
    const decidedOn = new Map<string, number>();
    this.judge = new Judge(log, decidedOn, (record, folded) => this.#note(record, folded));
    this.#interference = new Interference({
      log,
      random: streams.timed('payments'),
      struck: (fault, place) => this.#struck('p', fault, place),
      onViolation: (violation) => (this.#alarm ??= violation),
    });
    this.#databases = new Databases({
      log,
      sql: {
        random: streams.timed('databases'),
        isHealed: false,
        cuts: new Set(),
        struck: (fault, whom) => this.#struck('d', fault, whom),
      },
      targets: SIM_POLICY.fenceTargets,
      count: (what) => this.#count(what),
      onViolation: (violation) => (this.#alarm ??= violation),
    });
    this.#services = this.#placed(decidedOn);
    this.#fleet = new Fleet({
      log,
      streams,
      random: streams.timed('fleet'),
      hosts: this.#hosts,
      accounts: this.#databases.accounts,
      profileIds: PROFILE_IDS,
      known: this.judge.states,
      latestToken: (profileId) => this.judge.latestToken(profileId),
      count: (what) => this.#count(what),
      acted: (act) => this.#enterAct(act),
    });
    this.#ending = new Ending({
      log,
      judge: this.judge,
      services: this.#services,
      databases: this.#databases,
      fleet: this.#fleet,
    });
    this.#people = new People(log, streams.timed('people'), PROFILE_IDS, this.#hosts);
    this.#faults = new Faults({
      log,
      network: this.#network,
      services: this.#services,
      fleet: this.#fleet,
      people: this.#people,
      databases: this.#databases,
      hosts: this.#hosts,
      profileIds: PROFILE_IDS,
    });
  }

  /** Virtual time, in ms since the run began. */
  get nowMs(): number {
    return this.#clock.now();
  }

  /** Every write at a database that anybody has asked for. */
  get askedWrites(): readonly AskedWrite[] {
    return this.#databases.books.asked;
  }

  /** Throws the first violation. */
  async run(): Promise<void> {
    for (const service of this.#services) service.start();
    let dueMs = FIRST_FAULT_MS;
    for (let count = 1; this.#clock.now() < this.#faultMs;) {
      await this.#step();
      if (this.#clock.now() < dueMs) continue;
      const random = this.#streams.of(`fault ${count}`);
      dueMs += random.between(STEP_MS, 2_500);
      this.#strike(`f${count}`, random);
      count += 1;
    }
    await this.#heal();
  }

  #strike(name: string, random: Random): void {
    if (!this.#choice.admits(name)) return;
    const { fault, whom } = this.#faults.strike(random);
    this.#count(`fault ${fault}`);
    this.#chronicle(name, fault, whom);
  }

  /** A fault that strikes by itself is named by its instant. */
  #struck(letter: string, fault: string, whom = ''): boolean {
    const name = `${letter}${Math.floor(this.#clock.now())}`;
    if (!this.#choice.admits(name)) return false;
    this.#count(`fault ${fault}`);
    this.#chronicle(name, fault, whom);
    return true;
  }

  #chronicle(name: string, fault: string, whom: string): void {
    this.chronicle.happenings.push({ atMs: this.#clock.now(), name, fault, whom });
  }

  #placed(decidedOn: Map<string, number>): readonly ServiceProcess[] {
    const { log } = this;
    const random = this.#streams.timed('services');
    const databases = this.#databases;
    const kinds = Object.values(
      serviceKinds({
        log,
        hosts: this.#hosts,
        databases,
        decidedOn,
        onViolation: (violation) => (this.#alarm ??= violation),
      }),
    );
    return kinds.flatMap((kind) => {
      const places = TWO_PLACES.includes(kind.name) ? 2 : 1;
      return Array.from(
        { length: places },
        (_none, place) =>
          new ServiceProcess(kind, `${kind.group}-${place}`, log, random, this.#interference, (signal) =>
            this.#hear(signal),
          ),
      );
    });
  }

  async #step(): Promise<void> {
    this.steps += 1;
    await this.#clock.advance(STEP_MS);
    this.judge.look();
    this.judge.compare(() => this.#ending.lives());
    this.#databases.check.check();
    this.#databases.books.check((profileId) => this.judge.profile(profileId));
    this.#fleet.check();
    this.#fleet.tend();
    if (this.#alarm !== null) throw this.#alarm;
  }

  /** I18 at the very instant: what is in the log by now, an act must not come after. */
  #enterAct({ incarnation, isCareless, profileId, token }: Act): void {
    this.#count('acts');
    const what = `touches ${profileId} under token ${token}`;
    this.chronicle.happenings.push({ atMs: this.#clock.now(), who: incarnation, what, profileId });
    try {
      this.judge.look();
    } catch (error) {
      if (!(error instanceof Violation)) throw error;
      this.#alarm ??= error;
      return;
    }
    const latest = this.judge.latestToken(profileId);
    if (isCareless || latest <= token) return;
    this.judge.blamed = profileId;
    this.#alarm ??= new Violation('I18', `${incarnation} ${what}, ${latest} was granted`);
  }

  #hear(signal: RuntimeSignal): void {
    // Told with every fetch: to count it would cost more than the fetch.
    if (signal.type !== 'folded') this.#count(`signal ${signal.type}`);
    if (signal.type === 'authority-event-ignored')
      this.#alarm ??= new Violation('I17', `${signal.eventType} at ${signal.offset}: ${signal.reason}`);
    if (signal.type === 'parked')
      this.#alarm ??= new Violation('unpayable', `${signal.eventType}: ${String(signal.error)}`);
  }

  async #heal(): Promise<void> {
    this.#faults.end();
    this.#interference.isOver = true;
    this.#hosts.isHealed = true;
    this.#people.goHome();
    this.#fleet.close(this.#random.chance(0.5));
    const until = this.#clock.now() + REST_MS_MAX;
    for (let step = 0; step < LATEST_MS; step += STEP_MS) await this.#step();
    while (!this.#ending.isAtRest()) {
      if (this.#clock.now() > until)
        throw new Violation('I16', `no rest within ${REST_MS_MAX} ms: ${this.#ending.restless()}`);
      for (let step = 0; step < 1_000; step += STEP_MS) await this.#step();
    }
    await this.#ending.conclude();
    this.#count('came to rest');
  }

  #count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  #note(record: LogRecord, folded: Folded): void {
    const { event } = record;
    this.chronicle.happenings.push({ atMs: this.#clock.now(), record, folded });
    const state = this.judge.states[record.partition];
    if (folded === 'applied' && state !== undefined) this.#databases.check.note(record, state);
    if (folded !== 'applied' && folded !== 'beat') {
      this.#count(`ignored ${folded}`);
      return;
    }
    this.#count(event.type);
    for (const symbol of symbolsOf(event)) this.#count(symbol);
    if (event.type === 'Decided') this.#count(`rule ${event.rule}`);
  }
}
