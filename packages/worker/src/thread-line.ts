import type { NewEvent } from '@profile-warden/events';
import { partitionOf } from '@profile-warden/kafka';
import { epochKnownBy } from './lease-view.ts';
import type { BrowserAnswer, Heard, LineOrder, LineWord } from './line-messages.ts';
import { systemClock } from './system-clock.ts';
import { within } from './watch.ts';
import type { BrowserSource } from './browser-source.ts';
import type { LineUser, WorkerLine } from './worker-line.ts';

/** A close that hangs on a dead broker must not keep the process. */
const CLOSE_MS_MAX = 10_000;

export interface OtherEnd {
  readonly post: (order: LineOrder) => void;
  /** Ends the thread, whatever it is at. */
  readonly end: () => Promise<unknown>;
}

interface Call {
  readonly settle: (value: readonly number[]) => void;
  readonly reject: (error: Error) => void;
}

/**
 * A line whose other end is in a thread of its own. Orders are carried out in the order in which they were given.
 *
 *   open → closed    `close`: the log is closed, the thread has ended
 *   open → broken    the thread has ended by itself: every call fails, no heartbeat comes back, and the leases end by
 *                    their own deadlines
 */
export class ThreadLine implements WorkerLine {
  readonly partitionCount: number;
  readonly #post: (order: LineOrder) => void;
  readonly #end: () => Promise<unknown>;
  readonly #calls = new Map<number, Call>();
  readonly #numbers = new Map<LineUser, number>();
  readonly #users = new Map<number, LineUser>();
  readonly #epochs = new Map<number, number>();
  #callCount = 0;
  #userCount = 0;
  #answers: BrowserAnswer[] = [];
  #broken: Error | null = null;
  #isClosing = false;

  constructor(partitionCount: number, { post, end }: OtherEnd) {
    this.partitionCount = partitionCount;
    this.#post = post;
    this.#end = end;
  }

  partitionOf(profileId: string): number {
    return partitionOf(profileId, this.partitionCount);
  }

  append(events: readonly NewEvent[]): Promise<readonly number[]> {
    return this.#call((call) => ({ do: 'append', call, events }));
  }

  epochOf(partition: number): number {
    return this.#epochs.get(partition) ?? -1;
  }

  async listen(user: LineUser): Promise<void> {
    const number = (this.#userCount += 1);
    this.#numbers.set(user, number);
    this.#users.set(number, user);
    const { profileId } = user;
    const [epoch = -1] = await this.#call((call) => ({ do: 'listen', call, user: number, profileId }));
    this.#know(user.partition, epoch);
  }

  leave(user: LineUser): void {
    this.#about(user, (number) => ({ do: 'leave', user: number }));
    const number = this.#numbers.get(user);
    this.#numbers.delete(user);
    if (number !== undefined) this.#users.delete(number);
  }

  beat(user: LineUser, token: number, source: BrowserSource): void {
    this.#about(user, (number) => ({ do: 'beat', user: number, token, source }));
  }

  urge(user: LineUser): void {
    this.#about(user, (number) => ({ do: 'urge', user: number }));
  }

  rest(user: LineUser): void {
    this.#about(user, (number) => ({ do: 'rest', user: number }));
  }

  browser(user: LineUser, source: BrowserSource): void {
    this.#about(user, (number) => ({ do: 'browser', user: number, source }));
  }

  async close(): Promise<void> {
    this.#isClosing = true;
    const closed = this.#call((call) => ({ do: 'close', call }));
    await within(closed, systemClock, CLOSE_MS_MAX).catch(() => undefined);
    await this.#end();
  }

  /** What the other thread says. */
  take(word: LineWord): void {
    if (word.say === 'done') this.#taken(word.call)?.settle(word.value);
    else if (word.say === 'refused') this.#taken(word.call)?.reject(new Error(word.detail));
    else if (word.say === 'heard') for (const heard of word.heard) this.#hear(heard);
    else if (word.say === 'ask') for (const number of word.users) void this.#ask(number);
  }

  /** The other thread is gone. Returns whether that is news: nobody had closed it. */
  break(error: Error): boolean {
    const isNews = this.#broken === null && !this.#isClosing;
    this.#broken ??= error;
    for (const { reject } of this.#calls.values()) reject(error);
    this.#calls.clear();
    return isNews;
  }

  #call(order: (call: number) => LineOrder): Promise<readonly number[]> {
    if (this.#broken !== null) return Promise.reject(this.#broken);
    const call = (this.#callCount += 1);
    return new Promise((settle, reject) => {
      this.#calls.set(call, { settle, reject });
      this.#post(order(call));
    });
  }

  #taken(call: number): Call | undefined {
    const taken = this.#calls.get(call);
    this.#calls.delete(call);
    return taken;
  }

  #about(user: LineUser, order: (number: number) => LineOrder): void {
    const number = this.#numbers.get(user);
    if (number !== undefined && this.#broken === null) this.#post(order(number));
  }

  #hear(heard: Heard): void {
    const user = this.#users.get(heard.user);
    if ('sent' in heard) {
      user?.beatHeard(heard.sent);
      return;
    }
    const epoch = epochKnownBy(heard.record);
    if (epoch !== null) this.#know(heard.record.partition, epoch);
    user?.record(heard.record);
  }

  #know(partition: number, epoch: number): void {
    if (epoch > this.epochOf(partition)) this.#epochs.set(partition, epoch);
  }

  async #ask(number: number): Promise<void> {
    const state = await this.#users.get(number)?.askBrowser();
    if (state === undefined) return;
    // Browsers that answer in the same turn are told of together.
    if (this.#answers.length === 0)
      setImmediate(() => {
        const answers = this.#answers;
        this.#answers = [];
        if (this.#broken === null) this.#post({ do: 'answer', answers });
      });
    this.#answers.push({ user: number, state });
  }
}
