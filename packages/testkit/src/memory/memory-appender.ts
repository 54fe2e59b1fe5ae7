import type { Appender, NewEvent } from '@profile-warden/events';
import type { MemoryTopic } from './memory-topic.ts';
import { request } from './network.ts';
import type { ProcessClock } from './virtual-clock.ts';

/** Idempotent appends, one send in flight. A send that was given up may still land, behind later ones. */
export class MemoryAppender implements Appender {
  readonly #log: MemoryTopic;
  readonly #clock: ProcessClock;
  #turn: Promise<unknown> = Promise.resolve();
  #isClosed = false;

  constructor(log: MemoryTopic, clock: ProcessClock) {
    this.#log = log;
    this.#clock = clock;
  }

  async append(events: readonly NewEvent[]): Promise<readonly number[]> {
    if (this.#isClosed) throw new Error('the appender is closed');
    const sent = this.#log.encodeAll(events);
    const turn = this.#turn.then(() =>
      request(this.#clock, this.#log.network.fate('append'), () =>
        sent.map((one) => this.#log.partition(one.partition).append(this.#log.store(one))),
      ),
    );
    this.#turn = turn.catch(() => undefined);
    return turn;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#turn;
  }
}
