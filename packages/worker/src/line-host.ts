import type { LogRecord } from '@profile-warden/events';
import type { ReportedBrowserState } from './browser-source.ts';
import { detailOf } from './errors.ts';
import type { Instant } from './lease-deadline.ts';
import type { Heard, LineOrder, LineWord } from './line-messages.ts';
import type { LineUser, WorkerLine } from './worker-line.ts';

/** Of one message. */
const TOLD_MAX = 100;

function* parts<T>(all: readonly T[]): Iterable<readonly T[]> {
  for (let start = 0; start < all.length; start += TOLD_MAX) yield all.slice(start, start + TOLD_MAX);
}

/** A lease of the other thread. */
class HostedUser implements LineUser {
  readonly profileId: string;
  readonly partition: number;
  readonly #tell: (heard: { record: LogRecord } | { sent: Instant }) => void;
  readonly #ask: () => void;
  #answer: (state: ReportedBrowserState) => void = () => undefined;

  constructor(
    target: { readonly profileId: string; readonly partition: number },
    tell: (heard: { record: LogRecord } | { sent: Instant }) => void,
    ask: () => void,
  ) {
    this.profileId = target.profileId;
    this.partition = target.partition;
    this.#tell = tell;
    this.#ask = ask;
  }

  record(record: LogRecord): void {
    this.#tell({ record });
  }

  beatHeard(sent: Instant): void {
    this.#tell({ sent });
  }

  askBrowser(): Promise<ReportedBrowserState> {
    return new Promise((resolve) => {
      this.#answer = resolve;
      this.#ask();
    });
  }

  answered(state: ReportedBrowserState): void {
    this.#answer(state);
  }
}

/**
 * The side of a line that is away from its callers: carries out what the other thread orders, in the order in which it
 * was ordered, and tells it what its leases must know. What is told in one turn goes in few messages, each short enough
 * that the other thread is done with it before it reads the next: a thousand leases told at once would all be under way
 * there at the same moment, and its heap would grow for that and stay so.
 */
export class LineHost {
  readonly #line: WorkerLine;
  readonly #post: (word: LineWord) => void;
  readonly #users = new Map<number, HostedUser>();
  #heard: Heard[] = [];
  #asked: number[] = [];

  constructor(line: WorkerLine, post: (word: LineWord) => void) {
    this.#line = line;
    this.#post = post;
  }

  take(order: LineOrder): void {
    switch (order.do) {
      case 'append':
        this.#answer(order.call, this.#line.append(order.events));
        break;
      case 'listen':
        this.#answer(order.call, this.#listen(order.user, order.profileId));
        break;
      case 'answer':
        for (const { user, state } of order.answers) this.#users.get(user)?.answered(state);
        break;
      case 'close':
        this.#answer(
          order.call,
          this.#line.close().then(() => []),
        );
        break;
      case 'token':
        break;
      default:
        this.#about(order);
    }
  }

  /** Of a user that has left nothing is to be done. */
  #about(order: Extract<LineOrder, { do: 'leave' | 'urge' | 'rest' | 'beat' | 'browser' }>): void {
    const user = this.#users.get(order.user);
    if (user === undefined) return;
    if (order.do === 'beat') this.#line.beat(user, order.token, order.source);
    else if (order.do === 'browser') this.#line.browser(user, order.source);
    else this.#line[order.do](user);
    if (order.do === 'leave') this.#users.delete(order.user);
  }

  /** Resolves with the epoch that is known then. */
  async #listen(number: number, profileId: string): Promise<readonly number[]> {
    const partition = this.#line.partitionOf(profileId);
    const user = new HostedUser(
      { profileId, partition },
      (heard) => this.#tell({ user: number, ...heard }),
      () => this.#ask(number),
    );
    this.#users.set(number, user);
    await this.#line.listen(user);
    return [this.#line.epochOf(partition)];
  }

  #answer(call: number, work: Promise<readonly number[]>): void {
    work.then(
      (value) => this.#post({ say: 'done', call, value }),
      (error: unknown) => this.#post({ say: 'refused', call, detail: detailOf(error) }),
    );
  }

  #tell(heard: Heard): void {
    if (this.#heard.length === 0)
      queueMicrotask(() => {
        const all = this.#heard;
        this.#heard = [];
        for (const heard of parts(all)) this.#post({ say: 'heard', heard });
      });
    this.#heard.push(heard);
  }

  #ask(user: number): void {
    if (this.#asked.length === 0)
      queueMicrotask(() => {
        const users = this.#asked;
        this.#asked = [];
        for (const some of parts(users)) this.#post({ say: 'ask', users: some });
      });
    this.#asked.push(user);
  }
}
