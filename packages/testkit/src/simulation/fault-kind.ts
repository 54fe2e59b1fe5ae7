import type { MemoryLog } from '../memory/index.ts';
import type { Random } from '../walk/random.ts';
import type { Databases } from './database/databases.ts';
import type { SimHosts } from './disk/sim-hosts.ts';
import type { Fleet } from './fleet.ts';
import type { People } from './people.ts';
import type { SeededNetwork } from './seeded-network.ts';
import type { ServiceProcess } from './service-process.ts';

export interface FaultWorld {
  readonly log: MemoryLog;
  readonly network: SeededNetwork;
  readonly services: readonly ServiceProcess[];
  readonly fleet: Fleet;
  readonly people: People;
  readonly databases: Databases;
  readonly hosts: SimHosts;
  readonly profileIds: readonly string[];
}

/** What one stroke of a fault has at hand. */
export interface Stroke extends FaultWorld {
  readonly random: Random;
  /** Acts after so many ms, or when all faults end. Faults that end things must bear to be ended twice. */
  readonly later: (ms: number, act: () => void) => void;
}

export interface FaultKind {
  /** How often it strikes, beside the others. */
  readonly weight: number;
  /** Returns whom it has struck, for the story. */
  readonly strike: (stroke: Stroke) => string;
}

export const NOBODY = 'nobody';
