import { request, type Fate, type ProcessClock } from '../../memory/index.ts';
import type { Random } from '../../walk/random.ts';
import type { Backend, SimDatabase, Tables } from './sim-database.ts';

/** Ms after which a client gives up what is not answered. */
const GIVE_UP_MS = 800;
/** Share of transactions of which each statement takes its time; all others are over within an instant. */
const SLOW_SHARE = 0.5;
const SLOW_MS = 300;
/** Share of statements that go wrong on their way. */
const FAULT_SHARE = 0.02;
/** Never there; carried out, but nobody is told; carried out when it was given up. */
export const STATEMENT_FAULTS = ['lost', 'unanswered', 'late'] as const;
/** Ms until the server notices that its client is gone, where nobody tells it. */
const SILENT_DEATH_MS = 3_000;

type Effect<T> = (backend: Backend) => T | Promise<T>;

/** How statements fare between processes and databases; *healed*, nothing goes wrong on the way. */
export interface SqlNetwork {
  readonly random: Random;
  isHealed: boolean;
  /** Pairs that cannot reach each other, as `process|database`. */
  readonly cuts: Set<string>;
  /** Is told of a statement that is to fail, and returns false to let it be. */
  readonly struck: (fault: string, whom: string) => boolean;
}

/** The connections of one process to one database. A statement without an answer ends its connection. */
export class SqlClient<T extends Tables<T>> {
  readonly database: SimDatabase<T>;
  readonly #network: SqlNetwork;
  readonly #process: ProcessClock;
  readonly #place: string;

  /** `place`: where the process runs, as the cuts name it. */
  constructor(network: SqlNetwork, process: ProcessClock, place: string, database: SimDatabase<T>) {
    this.database = database;
    this.#network = network;
    this.#process = process;
    this.#place = place;
  }

  /** One statement that is a transaction of its own. It may be carried out long after it was given up. */
  statement<R>(effect: Effect<R>): Promise<R> {
    return this.#send(async () => {
      const backend = this.database.open();
      try {
        const result = await effect(backend);
        backend.commit();
        return result;
      } finally {
        backend.end();
      }
    }, this.#network.random.chance(SLOW_SHARE));
  }

  /** A transaction of several statements; the process may stand still or die between any two of them. */
  async transaction<R>(work: (query: <Q>(effect: Effect<Q>) => Promise<Q>) => Promise<R>): Promise<R> {
    const isSlow = this.#network.random.chance(SLOW_SHARE);
    const backend = await this.#send(() => this.database.open(), isSlow);
    const forget = this.#process.onDeath(() => this.#hangUp(backend));
    try {
      const result = await work((effect) => this.#send(() => backend.run(effect), isSlow));
      await this.#send(() => backend.commit(), isSlow);
      return result;
    } finally {
      forget();
      backend.end();
    }
  }

  #hangUp(backend: Backend): void {
    const { random } = this.#network;
    if (random.chance(0.8)) backend.end();
    else this.database.clock.after(random.between(100, SILENT_DEATH_MS), () => backend.end());
  }

  #send<R>(effect: () => R | Promise<R>, isSlow: boolean): Promise<R> {
    return request(this.#process, this.#fate(isSlow), effect);
  }

  #fate(isSlow: boolean): Fate {
    const { random, isHealed, cuts, struck } = this.#network;
    const lost: Fate = { sendMs: 0, reachMs: null, isAnswered: false, answerMs: GIVE_UP_MS };
    if (this.database.isDown || cuts.has(`${this.#place}|${this.database.name}`)) return lost;
    const reachMs = isSlow ? random.between(0, SLOW_MS) : 0;
    const isFaulty = !isHealed && random.chance(FAULT_SHARE);
    const fault = isFaulty ? random.pick(STATEMENT_FAULTS) : null;
    if (fault === null || !struck(`${fault} statement`, this.#place))
      return { sendMs: 0, reachMs, isAnswered: true, answerMs: 0 };
    if (fault === 'lost') return lost;
    const lateMs = fault === 'late' ? random.between(GIVE_UP_MS, 4_000) : reachMs;
    return { sendMs: 0, reachMs: lateMs, isAnswered: false, answerMs: GIVE_UP_MS };
  }
}
