import { lag } from './reader.ts';
import { Rogue } from './rogue.ts';
import { Worker } from './worker.ts';
import type { World } from './world.ts';

const MAX_WORKERS = 5;

/** The workers of a walk, those that keep their rules and those that do not; some die, others take their place. */
export class Fleet {
  readonly #world: World;
  readonly #running = new Map<string, Worker>();
  readonly #workers: Worker[] = [];
  #runs = 0;

  constructor(world: World) {
    this.#world = world;
  }

  find(incarnation: string): Worker | undefined {
    return this.#running.get(incarnation);
  }

  hire(): void {
    const world = this.#world;
    const { random } = world;
    if (this.#workers.length >= MAX_WORKERS) {
      const gone = this.#workers.findIndex((worker) => !worker.isAlive || worker.isRevoked);
      if (gone < 0) return;
      this.#workers.splice(gone, 1);
    }
    this.#runs += 1;
    // Who restarts an interrupted task does so where it ran.
    const interrupted = [...world.state.profiles.values()].find(
      ({ stage }) => stage.kind === 'resume-pending',
    )?.history.origin?.hostId;
    const name = {
      workerId: random.chance(0.3) ? `w${random.whole(4)}` : `once-${this.#runs}`,
      hostId: interrupted ?? random.pick(['h1', 'h2']),
      incarnation: `i${this.#runs}`,
    };
    // A stable name runs once: whoever had it is gone.
    for (const worker of this.#workers) if (worker.workerId === name.workerId) worker.crash();
    const Kind = random.chance(0.75) ? Worker : Rogue;
    const worker = new Kind(world, name, `boot-${name.hostId}`);
    this.#workers.push(worker);
    this.#running.set(name.incarnation, worker);
    if (interrupted !== undefined || random.chance(0.5)) worker.read(Infinity);
    worker.live(0);
    if (random.chance(0.7)) worker.deliver();
  }

  work(): void {
    const { random } = this.#world;
    const worker = random.pick(this.#workers);
    if (worker.hasMail && random.chance(0.5)) worker.deliver();
    if (!worker.isAlive) {
      if (random.chance(0.2)) worker.hasBrowser = false;
      return;
    }
    worker.live(lag(this.#world, worker.reader));
    if (random.chance(0.6)) worker.deliver();
  }

  check(): void {
    for (const worker of this.#workers) worker.check();
  }

  end(isFleetGone: boolean): void {
    for (const worker of this.#workers) if (isFleetGone || worker instanceof Rogue) worker.crash();
  }

  /** What is left of it works on without fault. */
  behave(): void {
    for (const worker of this.#workers) {
      while (worker.hasMail) worker.deliver();
      if (!worker.isAlive) {
        worker.hasBrowser = false;
        continue;
      }
      worker.read(Infinity);
      worker.beat();
      worker.work();
    }
  }
}
