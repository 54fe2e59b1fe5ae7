import type { MemoryLog } from '../memory/index.ts';
import { isAtRest } from '../walk/duties.ts';
import { Violation } from '../walk/ledger.ts';
import type { Databases } from './database/databases.ts';
import type { Fleet } from './fleet.ts';
import type { LiveState } from './fold-check.ts';
import type { Judge } from './judge.ts';
import type { ServiceProcess } from './service-process.ts';

/** Virtual time in which whoever is up reads everything, as a rule; and within which he must, takeovers included. */
const SETTLE_MS = 4_000;
const SETTLE_MS_MAX = 30_000;
const LOOK_EVERY_MS = 1_000;

const isDetector = ({ kind }: ServiceProcess): boolean => kind.name === 'stale-detector';

export interface EndingWorld {
  readonly log: MemoryLog;
  readonly judge: Judge;
  readonly services: readonly ServiceProcess[];
  readonly databases: Databases;
  readonly fleet: Fleet;
}

/** What must hold when everything has come to rest: everybody has read all of it, and all see the same. */
export class Ending {
  readonly #log: MemoryLog;
  readonly #judge: Judge;
  readonly #services: readonly ServiceProcess[];
  readonly #databases: Databases;
  readonly #fleet: Fleet;

  constructor({ log, judge, services, databases, fleet }: EndingWorld) {
    this.#log = log;
    this.#judge = judge;
    this.#services = services;
    this.#databases = databases;
    this.#fleet = fleet;
  }

  /** Nobody waits for anything, and everybody who should be there is. */
  isAtRest(): boolean {
    return (
      this.#fleet.living.length === 0 &&
      this.#judge.unanswered().length === 0 &&
      this.#judge.cases().every(isAtRest) &&
      this.#services.every(({ runtime }) => runtime !== null)
    );
  }

  /** What is still waited for. */
  restless(): string {
    const waiting = this.#judge
      .cases()
      .filter((one) => !isAtRest(one))
      .map(({ profile }) => [profile.profileId, profile.stage, profile.requests.length]);
    const unanswered = this.#judge.unanswered();
    const living = this.#fleet.living.map(({ name }) => name.incarnation);
    return JSON.stringify({ waiting, unanswered, living });
  }

  /** What every service in the run has folded, wherever it stands. */
  *lives(): Generator<LiveState> {
    for (const { place, runtime } of this.#services)
      for (const { state } of runtime?.views() ?? []) yield { name: place, state };
  }

  /** Without ticks the log stands still; then every fold of it is the same, and so it is after a replay. */
  async conclude(): Promise<void> {
    for (const service of this.#services) if (isDetector(service)) service.crash();
    await this.#settle();
    this.#judge.conclude(this.lives());
    await this.#checkReplayIsSilent();
  }

  async #settle(): Promise<void> {
    const { clock } = this.#log;
    await clock.advance(SETTLE_MS);
    for (let waitedMs = SETTLE_MS; ; waitedMs += LOOK_EVERY_MS) {
      this.#judge.look();
      try {
        this.#databases.check.checkEnd(this.#judge.states);
        this.#checkAllAreThere();
        return;
      } catch (error) {
        const isLate = error instanceof Violation && error.invariant === 'I16';
        if (!isLate || waitedMs >= SETTLE_MS_MAX) throw error;
      }
      await clock.advance(LOOK_EVERY_MS);
    }
  }

  /** Everybody begins anew, and has nothing to say about what was settled before. */
  async #checkReplayIsSilent(): Promise<void> {
    const ends = this.#judge.states.map(({ nextOffset }) => nextOffset);
    for (const service of this.#services) service.crash();
    for (const service of this.#services) if (!isDetector(service)) service.start();
    await this.#settle();
    for (const [partition, end] of ends.entries())
      for (const { event, offset } of this.#log.committed(partition, end).records)
        if (event.type !== 'AuthorityEpochStarted')
          throw new Violation('I14', `after a replay of everything ${event.type} was appended at ${offset}`);
    this.#judge.conclude(this.lives());
  }

  #checkAllAreThere(): void {
    const { partitionCount } = this.#log;
    const inHand = new Map<string, Set<number>>();
    for (const { kind, place, runtime } of this.#services)
      for (const { state, isLive } of runtime?.views() ?? []) {
        const { partition, nextOffset } = state;
        inHand.set(kind.group, (inHand.get(kind.group) ?? new Set()).add(partition));
        if (!isLive) throw new Violation('I16', `${place} is not live on partition ${partition}`);
        if (nextOffset !== this.#judge.states[partition]?.nextOffset)
          throw new Violation('I16', `${place} stands at ${nextOffset} of partition ${partition}`);
      }
    for (const service of this.#services)
      if (!isDetector(service) && inHand.get(service.kind.group)?.size !== partitionCount)
        throw new Violation('I16', `nobody of ${service.kind.group} has every partition in hand`);
  }
}
