import type { MemoryLog, ProcessClock } from '../memory/index.ts';
import { Random } from '../walk/random.ts';
import type { Fleet } from './fleet.ts';
import type { People } from './people.ts';
import type { SeededNetwork } from './seeded-network.ts';
import type { ServiceProcess } from './service-process.ts';
import { SIM_POLICY } from './sim-policy.ts';
import type { SimWorker } from './sim-worker.ts';

/** Everything that may go wrong by itself, apart from single requests. */
export const FAULTS = [
  'crash of a service',
  'pause of a service',
  'rebalance',
  'crash of a worker',
  'pause of a worker',
  'worker cut off',
  'worker cut off, and its profile stopped',
  'broker outage',
  'broker clock jump',
  'repeated record',
  'damaged record',
] as const;

export type Fault = (typeof FAULTS)[number];

/** These strike by themselves, wherever a payment is made. */
export const PAYMENT_FAULTS = ['crash at a payment', 'pause at a payment'] as const;

export type PaymentFault = (typeof PAYMENT_FAULTS)[number];

const NOBODY = 'nobody';

export interface FaultWorld {
  readonly log: MemoryLog;
  readonly network: SeededNetwork;
  readonly services: readonly ServiceProcess[];
  readonly fleet: Fleet;
  readonly people: People;
  readonly profileIds: readonly string[];
}

const WEIGHTS: readonly (readonly [number, Fault])[] = [
  [5, 'crash of a service'],
  [4, 'pause of a service'],
  [2, 'rebalance'],
  [4, 'crash of a worker'],
  [4, 'pause of a worker'],
  [3, 'worker cut off'],
  [1.5, 'worker cut off, and its profile stopped'],
  [1, 'broker outage'],
  [1, 'broker clock jump'],
  [3, 'repeated record'],
  [0.3, 'damaged record'],
];

/** What goes wrong, when the seed says so; each lasts for a bounded time, and `end` ends all of them. */
export class Faults {
  readonly #world: FaultWorld;
  readonly #paused = new Set<{ resume(): void }>();
  #lastJumpMs = -Infinity;
  #isOver = false;
  #random: Random = new Random(0);

  constructor(world: FaultWorld) {
    this.#world = world;
  }

  /** What the randomness given says; tells whom it has struck. */
  strike(random: Random): { readonly fault: Fault; readonly whom: string } {
    this.#random = random;
    const fault = random.weighted(WEIGHTS);
    return { fault, whom: this.#strike(fault) };
  }

  end(): void {
    this.#isOver = true;
    const { network, services, log } = this.#world;
    network.isOut = false;
    network.isHealed = true;
    log.brokerSkewMs = Math.max(0, log.brokerSkewMs);
    for (const one of this.#paused) one.resume();
    for (const service of services) {
      service.resume();
      service.start();
    }
  }

  #strike(fault: Fault): string {
    const { log, network, services, fleet, people } = this.#world;
    const random = this.#random;
    switch (fault) {
      case 'crash of a service': {
        const service = random.pick(services);
        service.crash();
        this.#later(random.between(10, 6_000), () => service.start());
        return service.place;
      }
      case 'pause of a service': {
        const service = random.pick(services);
        service.pause();
        this.#later(random.between(100, 8_000), () => service.resume());
        return service.place;
      }
      case 'rebalance': {
        const { group } = random.pick(services).kind;
        log.group(group).rotate();
        return group;
      }
      case 'crash of a worker':
        return this.#strikeWorker((worker) => worker.crash());
      case 'pause of a worker':
        return this.#strikeWorker((worker) => this.#pause(worker.process));
      case 'worker cut off':
        return this.#strikeWorker((worker) => this.#pause(worker.line));
      case 'worker cut off, and its profile stopped': {
        const holders = fleet.living.filter(({ profileInHand }) => profileInHand !== null);
        if (holders.length === 0) return NOBODY;
        const worker = random.pick(holders);
        this.#pause(worker.line);
        people.stop(worker.profileInHand ?? '');
        return `${worker.name.incarnation} with ${worker.profileInHand ?? ''}`;
      }
      case 'broker outage':
        network.isOut = true;
        this.#later(random.between(200, 6_000), () => (network.isOut = false));
        return 'the broker';
      case 'broker clock jump':
        this.#jump();
        return `off by ${log.brokerSkewMs} ms now`;
      case 'repeated record':
        return this.#repeat();
      default:
        return this.#damage();
    }
  }

  #strikeWorker(strike: (worker: SimWorker) => void): string {
    const { living } = this.#world.fleet;
    if (living.length === 0) return NOBODY;
    const worker = this.#random.pick(living);
    strike(worker);
    return worker.name.incarnation;
  }

  #pause(process: ProcessClock): void {
    const random = this.#random;
    process.pause();
    this.#paused.add(process);
    this.#later(random.between(500, random.pick([5_000, 20_000, 50_000])), () => {
      this.#paused.delete(process);
      process.resume();
    });
  }

  #later(ms: number, act: () => void): void {
    this.#world.log.clock.after(ms, () => {
      if (!this.#isOver) act();
    });
  }

  /** Forward not more than once in a lease, which is what the margin is made for. */
  #jump(): void {
    const { log } = this.#world;
    const random = this.#random;
    const now = log.clock.now();
    if (random.chance(0.5)) log.brokerSkewMs -= random.between(10, 3_000);
    else if (now - this.#lastJumpMs > SIM_POLICY.leaseMs) {
      log.brokerSkewMs += random.between(10, 3_000);
      this.#lastJumpMs = now;
    }
  }

  /** A send whose acknowledgement was lost is made again. */
  #repeat(): string {
    const { log } = this.#world;
    const random = this.#random;
    const partition = random.whole(log.partitionCount);
    const { records } = log.committed(partition);
    if (records.length === 0) return NOBODY;
    const { event, profileId, id } = random.pick(records.slice(-10));
    if (event.type === 'foreign' || event.type === 'undecodable' || event.type === 'ClockTicked')
      return NOBODY;
    if ('epoch' in event || event.type === 'AuthorityEpochStarted') return NOBODY;
    log.write({ id, profileId, partition, event });
    return `${event.type} ${id}`;
  }

  #damage(): string {
    const { log, profileIds } = this.#world;
    const random = this.#random;
    const profileId = random.pick(profileIds);
    const event = random.chance(0.5)
      ? ({ type: 'undecodable', claimedType: 'StepStarted', detail: 'cut short' } as const)
      : ({ type: 'foreign', detail: 'no magic byte' } as const);
    log.damage(log.partitionOf(profileId), event.type === 'foreign' ? null : profileId, event);
    return event.type;
  }
}
