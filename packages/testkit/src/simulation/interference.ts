import type { Opener } from '@profile-warden/service';
import type { MemoryLog, ProcessClock } from '../memory/index.ts';
import { Violation } from '../walk/ledger.ts';
import type { Random } from '../walk/random.ts';

export interface InterferenceWorld {
  readonly log: MemoryLog;
  readonly random: Random;
  readonly count: (what: string) => void;
  readonly onViolation: (violation: Violation) => void;
}

/** Where it hurts most: the process stands still, or ends, between what it has decided and what it sends. */
export class Interference {
  readonly #world: InterferenceWorld;
  isOver = false;

  constructor(world: InterferenceWorld) {
    this.#world = world;
  }

  /** The same opening, with its payments interfered with, and held against what it had folded by then. */
  opener(opener: Opener, process: ProcessClock, crash: () => void): Opener {
    return async (partition, range, state, signal) => {
      const opening = await opener(partition, range, state, signal);
      const { payer } = opening;
      return {
        ...opening,
        payer: {
          eventsMax: payer.eventsMax,
          close: () => payer.close(),
          pay: async (events) => {
            if (opening.state.nextOffset < range.end)
              this.#world.onViolation(new Violation('I14', `${events[0]?.id ?? ''} was paid by a replay`));
            this.#strike(process, crash);
            await process.turn();
            return payer.pay(events);
          },
        },
      };
    };
  }

  #strike(process: ProcessClock, crash: () => void): void {
    const { log, random, count } = this.#world;
    if (this.isOver || random.chance(0.95)) return;
    if (random.chance(0.4)) {
      count('fault crash at a payment');
      // Before it is sent, or on its way, or before the answer.
      log.clock.after(random.pick([0, 3, 8, 20]), crash);
      return;
    }
    count('fault pause at a payment');
    process.pause();
    log.clock.after(random.between(100, 9_000), () => process.resume());
  }
}
