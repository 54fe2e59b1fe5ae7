import { NOBODY, type FaultKind, type Stroke } from './fault-kind.ts';
import type { SimWorker } from './sim-worker.ts';

/** Longest that a worker is held up: within its lease, past it, and past everybody's patience. */
const HELD_UP_MS = [5_000, 20_000, 35_000];

const holdUp = ({ random, later }: Stroke, one: { pause(): void; resume(): void }): void => {
  one.pause();
  later(random.between(500, random.pick(HELD_UP_MS)), () => one.resume());
};

const toWorker =
  (strike: (worker: SimWorker, stroke: Stroke) => void) =>
  (stroke: Stroke): string => {
    const { living } = stroke.fleet;
    if (living.length === 0) return NOBODY;
    const worker = stroke.random.pick(living);
    strike(worker, stroke);
    return worker.name.incarnation;
  };

/** What happens to services and workers, each by itself. */
export const PROCESS_FAULTS: Readonly<Record<string, FaultKind>> = {
  'crash of a service': {
    weight: 5,
    strike: ({ random, services, later }) => {
      const service = random.pick(services);
      service.crash();
      later(random.between(10, 6_000), () => service.start());
      return service.place;
    },
  },
  'pause of a service': {
    weight: 4,
    strike: ({ random, services, later }) => {
      const service = random.pick(services);
      service.pause();
      later(random.between(100, 8_000), () => service.resume());
      return service.place;
    },
  },
  'service cut off': {
    weight: 2,
    strike: ({ random, services, later }) => {
      const service = random.pick(services);
      service.cutOff();
      later(random.between(500, random.pick([3_000, 12_000])), () => service.connect());
      return service.place;
    },
  },
  'calendar of a service set': {
    weight: 1,
    strike: ({ random, services }) => {
      const service = random.pick(services);
      const hours = random.between(-24, 24);
      service.setWall(hours * 3_600_000);
      return `${service.place}, ${hours} h`;
    },
  },
  'crash of a worker': { weight: 4, strike: toWorker((worker) => worker.crash()) },
  'pause of a worker': { weight: 4, strike: toWorker((worker, stroke) => holdUp(stroke, worker.process)) },
  'worker cut off': { weight: 3, strike: toWorker((worker, stroke) => holdUp(stroke, worker.line)) },
  'worker cut off, and its profile stopped': {
    weight: 1.5,
    strike: (stroke) => {
      const { fleet, random, people } = stroke;
      const holders = fleet.living.filter(({ profileInHand }) => profileInHand !== null);
      if (holders.length === 0) return NOBODY;
      const worker = random.pick(holders);
      holdUp(stroke, worker.line);
      people.stop(worker.profileInHand ?? '');
      return `${worker.name.incarnation} with ${worker.profileInHand ?? ''}`;
    },
  },
};
