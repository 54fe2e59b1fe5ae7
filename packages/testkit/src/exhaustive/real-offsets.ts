import { isAuthorityEvent, type WardenEvent } from '@profile-warden/events';
import { renamed } from './naming.ts';
import type { Turn } from './turn.ts';

/** A record as it would stand in a real log. */
export interface Told {
  readonly offset: number;
  readonly event: WardenEvent;
  readonly folded: string;
  /** Broker time since the last tick. */
  readonly passedMs: number;
}

/** Gives the offsets back that the situations have forgotten, with the gaps that transactions leave. */
export class RealOffsets {
  /** Real offset by the one that the present situation knows. A log begins with a barrier and a tick. */
  #names = new Map([
    [0, 0],
    [1, 1],
  ]);
  #last = 1;
  #passedMs = 0;

  /** An event as the present situation knows it, with the offsets of the log. */
  real<E extends WardenEvent>(event: E): E {
    const offsets: number[] = [];
    for (const [name, offset] of this.#names) offsets[name] = offset;
    return renamed(event, { offsets, logMs: 0, oldestLogMs: -Infinity, brokerMs: 0 });
  }

  /** What the turn appended. */
  tell({ appended, renaming, passedMs }: Turn): readonly Told[] {
    this.#passedMs += passedMs;
    const told = appended.map(({ sent, step }): Told => {
      this.#last += isAuthorityEvent(sent.event.type) ? 2 : 1;
      this.#names.set(step.offset, this.#last);
      const event = this.real(sent.event);
      const told = { offset: this.#last, event, folded: step.folded, passedMs: this.#passedMs };
      if (event.type === 'ClockTicked') this.#passedMs = 0;
      return told;
    });
    if (renaming.offsets !== null) {
      const names = new Map<number, number>();
      for (const [name, next] of renaming.offsets.entries()) {
        const offset = this.#names.get(name);
        if (offset !== undefined && renaming.offsets[name] !== undefined) names.set(next, offset);
      }
      this.#names = names;
    }
    return told;
  }
}
