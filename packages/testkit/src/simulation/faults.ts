import type { Random } from '../walk/random.ts';
import { DATABASE_FAULTS } from './database/database-faults.ts';
import { DISK_FAULTS } from './disk/disk-faults.ts';
import { NOBODY, type FaultKind, type FaultWorld } from './fault-kind.ts';
import { LOG_FAULTS } from './log-faults.ts';
import { PROCESS_FAULTS } from './process-faults.ts';
import { STRAY_RECORDS } from './stray-records.ts';

const KINDS: Readonly<Record<string, FaultKind>> = {
  ...PROCESS_FAULTS,
  ...LOG_FAULTS,
  ...DATABASE_FAULTS,
  ...DISK_FAULTS,
  ...STRAY_RECORDS,
};
const WEIGHTS = Object.entries(KINDS).map(([name, { weight }]) => [weight, name] as const);

/** Everything that may go wrong by itself, apart from single requests. */
export const FAULTS: readonly string[] = Object.keys(KINDS);

/** What goes wrong, when the seed says so; each lasts for a bounded time, and `end` ends all of them. */
export class Faults {
  readonly #world: FaultWorld;
  readonly #endings = new Set<() => void>();

  constructor(world: FaultWorld) {
    this.#world = world;
  }

  /** What the randomness given says; tells whom it has struck. */
  strike(random: Random): { readonly fault: string; readonly whom: string } {
    const fault = random.weighted(WEIGHTS);
    const whom = KINDS[fault]?.strike({ ...this.#world, random, later: this.#later }) ?? NOBODY;
    return { fault, whom };
  }

  end(): void {
    const { network, services, databases, log } = this.#world;
    network.isHealed = true;
    log.brokerSkewMs = Math.max(0, log.brokerSkewMs);
    for (const end of [...this.#endings]) end();
    databases.heal();
    for (const service of services) {
      service.resume();
      service.start();
    }
  }

  readonly #later = (ms: number, act: () => void): void => {
    const end = (): void => {
      if (this.#endings.delete(end)) act();
    };
    this.#endings.add(end);
    this.#world.log.clock.after(ms, end);
  };
}
