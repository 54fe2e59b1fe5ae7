import { HOST_IDS } from './disk/sim-hosts.ts';
import type { SeededStreams } from './seeded-streams.ts';
import { SimWorker, type WorkerWorld } from './sim-worker.ts';

export interface FleetWorld extends WorkerWorld {
  readonly streams: SeededStreams;
}

const WORKERS_MAX = 4;

/** The workers of the simulation: whoever is gone is replaced, now and then under a name that was there before. */
export class Fleet {
  readonly #world: FleetWorld;
  readonly #workers: SimWorker[] = [];
  readonly #orphans: SimWorker[] = [];
  #runs = 0;
  #isClosed = false;

  constructor(world: FleetWorld) {
    this.#world = world;
  }

  get living(): readonly SimWorker[] {
    return this.#workers.filter((worker) => worker.isAlive);
  }

  /** Replaces one that is gone, and ends browsers that have outlived their worker. */
  tend(): void {
    const { random } = this.#world;
    for (const orphan of this.#orphans) if (random.chance(0.01)) orphan.killBrowser();
    for (const [index, worker] of this.#workers.entries())
      if (!worker.isAlive) {
        this.#orphans.push(...this.#workers.splice(index, 1));
        break;
      }
    if (!this.#isClosed && this.#workers.length < WORKERS_MAX) this.#hire();
  }

  check(): void {
    for (const worker of this.#workers) worker.check();
  }

  /** Nobody asks any more; whoever has a lease gives it back, or all are gone at once. */
  close(isGone: boolean): void {
    this.#isClosed = true;
    for (const worker of this.#workers) {
      worker.process.resume();
      worker.line.resume();
      worker.isRetiring = true;
      if (isGone || worker.isCareless) worker.crash();
    }
    for (const worker of [...this.#orphans, ...this.#workers]) if (!worker.isAlive) worker.killBrowser();
  }

  #hire(): void {
    const { random, streams } = this.#world;
    this.#runs += 1;
    const workerId = random.chance(0.3) ? `w${random.whole(4)}` : `once-${this.#runs}`;
    // A stable name runs once: whoever had it is gone.
    for (const worker of this.living) if (worker.name.workerId === workerId) worker.crash();
    const name = { workerId, hostId: random.pick(HOST_IDS), incarnation: `i${this.#runs}` };
    const isCareless = random.chance(0.25);
    const own = streams.timed(`worker ${this.#runs}`);
    this.#workers.push(new SimWorker({ ...this.#world, random: own }, name, isCareless));
  }
}
