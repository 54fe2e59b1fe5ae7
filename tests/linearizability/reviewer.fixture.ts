import type { PartitionState } from '@profile-warden/domain';
import type { Appender, NewEvent } from '@profile-warden/events';
import { reviewResolved } from '@profile-warden/testkit/spec';

const LOOK_EVERY_MS = 500;

/** A person who frees whatever waits for one, again and again until it is so. */
export class Reviewer {
  readonly #states: readonly PartitionState[];
  readonly #appender: Appender;
  readonly #timer: NodeJS.Timeout;
  #looking: Promise<void> = Promise.resolve();
  #count = 0;

  constructor(states: readonly PartitionState[], appender: Appender) {
    this.#states = states;
    this.#appender = appender;
    this.#timer = setInterval(() => {
      this.#looking = this.#looking.then(() => this.#look());
    }, LOOK_EVERY_MS);
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    await this.#looking;
  }

  async #look(): Promise<void> {
    const rulings = this.#states.flatMap((state) => this.#rulings(state));
    // Whether it got there is seen in the log.
    if (rulings.length > 0) await this.#appender.append(rulings).catch(() => undefined);
  }

  #rulings({ nextOffset, profiles }: PartitionState): NewEvent[] {
    const waiting = [...profiles.values()].filter(({ stage }) => stage.kind === 'manual-review');
    return waiting.map(({ profileId, token, round }) => {
      this.#count += 1;
      const event = reviewResolved(nextOffset - 1, { token, round });
      return { id: `review.${this.#count}`, profileId, event };
    });
  }
}
