import type { Opener } from '@profile-warden/service';
import type { MemoryLog, ProcessClock } from '../memory/index.ts';
import { Violation } from '../walk/ledger.ts';
import type { Random } from '../walk/random.ts';

/** These strike by themselves, wherever a payment is made. */
export const PAYMENT_FAULTS = ['crash at a payment', 'pause at a payment'] as const;

export type PaymentFault = (typeof PAYMENT_FAULTS)[number];

export interface InterferenceWorld {
  readonly log: MemoryLog;
  readonly random: Random;
  /** Is told of a fault that is to strike a place, and returns false to let it be. */
  readonly struck: (fault: PaymentFault, place: string) => boolean;
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
  opener(opener: Opener, place: string, process: ProcessClock, crash: () => void): Opener {
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
            this.#strike(place, process, crash);
            await process.turn();
            return payer.pay(events);
          },
        },
      };
    };
  }

  #strike(place: string, process: ProcessClock, crash: () => void): void {
    const { log, random, struck } = this.#world;
    if (this.isOver || random.chance(0.95)) return;
    if (random.chance(0.4)) {
      // Before it is sent, or on its way, or before the answer.
      const afterMs = random.pick([0, 3, 8, 20]);
      if (struck('crash at a payment', place)) log.clock.after(afterMs, crash);
      return;
    }
    const pausedMs = random.between(100, 9_000);
    if (!struck('pause at a payment', place)) return;
    process.pause();
    log.clock.after(pausedMs, () => process.resume());
  }
}
