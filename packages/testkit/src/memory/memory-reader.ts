import type { LogListener, LogReader } from '@profile-warden/events';
import type { Member, MemoryGroup } from './memory-group.ts';
import type { MemoryPartition } from './memory-partition.ts';
import type { MemoryTopic } from './memory-topic.ts';
import { request } from './network.ts';
import type { ProcessClock } from './virtual-clock.ts';

/** Shared out within a group, or exactly these until `assign` names others. */
export type Assignment = { readonly groupId: string } | { readonly partitions: readonly number[] };

/** Heartbeats within one session. */
const BEATS_PER_SESSION = 3;

/** One for all: an abort without a reason makes an error of its own, stack and all. */
const LOST = new DOMException('the partition is lost', 'AbortError');

/** One partition for as long as it is ours. By callbacks: a listener on a signal for each fetch would cost most of a run. */
class Ownership {
  readonly controller = new AbortController();
  #wake: (() => void) | null = null;

  /** Resolves when `begin` calls back, or when the partition is lost. */
  wait(begin: (done: () => void) => () => void): Promise<void> {
    if (this.controller.signal.aborted) return Promise.resolve();
    return new Promise((resolve) => {
      let cancel: (() => void) | null = null;
      const done = (): void => {
        this.#wake = null;
        cancel?.();
        resolve();
      };
      this.#wake = done;
      cancel = begin(done);
    });
  }

  lose(): void {
    this.controller.abort(LOST);
    this.#wake?.();
  }
}

/**
 * Reads committed records of the partitions that are ours, as the real reader does: *foreign* → *restoring* while the
 * listener opens the partition → *reading* → *foreign* again. A partition that comes back waits until the calls of its
 * former ownership have returned; a call under way when it is lost runs out.
 */
export class MemoryLogReader implements LogReader, Member {
  readonly failed: Promise<never>;
  readonly #log: MemoryTopic;
  readonly #clock: ProcessClock;
  readonly #assignment: Assignment;
  readonly #owned = new Map<number, Ownership>();
  readonly #former = new Map<number, Promise<void>>();
  #listener: LogListener | null = null;
  #confirm: (() => void)[] = [];
  #isOver = false;
  /** When the last heartbeat that was answered had been sent. */
  #confirmedMs = 0;
  #reject: (error: unknown) => void = () => undefined;

  constructor(log: MemoryTopic, clock: ProcessClock, assignment: Assignment) {
    this.#log = log;
    this.#clock = clock;
    this.#assignment = assignment;
    this.failed = new Promise((_, reject) => {
      this.#reject = reject;
    });
    this.failed.catch(() => undefined);
  }

  get isDead(): boolean {
    return this.#clock.isDead;
  }

  start(listener: LogListener): Promise<void> {
    this.#listener = listener;
    if ('partitions' in this.#assignment) this.assign(this.#assignment.partitions);
    else void this.#belong(this.#log.group(this.#assignment.groupId));
    return Promise.resolve();
  }

  async stop(): Promise<void> {
    this.#isOver = true;
    this.#revokeAll();
    await Promise.all(this.#former.values());
    if ('groupId' in this.#assignment) this.#log.group(this.#assignment.groupId).leave(this);
  }

  async confirmOwned(partition: number): Promise<boolean> {
    const ownership = this.#owned.get(partition);
    if (ownership === undefined) return false;
    if ('groupId' in this.#assignment)
      await new Promise<void>((resolve) => {
        const done = (): void => {
          ownership.controller.signal.removeEventListener('abort', done);
          resolve();
        };
        this.#confirm.push(done);
        ownership.controller.signal.addEventListener('abort', done, { once: true });
      });
    return this.#owned.get(partition) === ownership;
  }

  mayAct(partition: number): boolean {
    if (!this.#owned.has(partition)) return false;
    return 'partitions' in this.#assignment || this.#clock.now() - this.#confirmedMs < this.#log.sessionMs;
  }

  /** What is ours from now on. */
  assign(partitions: readonly number[]): void {
    if (this.#isOver) return;
    for (const partition of [...this.#owned.keys()])
      if (!partitions.includes(partition)) this.#revoke(partition);
    for (const partition of partitions) {
      // A listener that cannot let one go has ended the whole reader: it must not take up what it has just let go.
      if (this.#hasEnded()) return;
      if (this.#owned.has(partition)) continue;
      const ownership = new Ownership();
      this.#owned.set(partition, ownership);
      const former = this.#former.get(partition) ?? Promise.resolve();
      this.#former.set(
        partition,
        former.then(() => this.#own(partition, ownership)),
      );
    }
  }

  /** Heartbeats to the group for as long as the process lives. */
  async #belong(group: MemoryGroup): Promise<void> {
    const { network, sessionMs } = this.#log;
    let generation = -1;
    while (!this.#isOver) {
      const sentMs = this.#clock.now();
      try {
        const share = await request(this.#clock, network.fate('heartbeat'), () =>
          group.beat(this, this.#log.clock.now()),
        );
        this.#confirmedMs = sentMs;
        if (share.generation !== generation) this.assign(share.partitions);
        generation = share.generation;
        for (const confirmed of this.#confirm.splice(0)) confirmed();
      } catch {
        // Unanswered: the next one tells.
      }
      await this.#clock.sleep(sessionMs / BEATS_PER_SESSION);
    }
  }

  async #own(partition: number, ownership: Ownership): Promise<void> {
    const { signal } = ownership.controller;
    const at = this.#log.partition(partition);
    const listener = this.#listener;
    if (signal.aborted || listener === null) return;
    try {
      await this.#clock.turn();
      if (this.#isLost(signal)) return;
      const { from } = await listener.assigned(partition, { start: 0, end: at.end }, signal);
      if (!this.#isLost(signal) && (!Number.isSafeInteger(from) || from < 0 || from > at.end))
        throw new RangeError(`partition ${partition} has no offset ${from}`);
      for (let position = from; !this.#isLost(signal);) {
        const from = position;
        await ownership.wait((done) => this.#fetch(at, from, done));
        // Most turns come at once, and a run has thousands of fetches.
        if (!this.#clock.isGoing) await this.#clock.turn();
        const available = at.stable - position;
        // Between two calls of the listener the partition may have been lost.
        if (this.#isLost(signal) || available < 1) continue;
        const { records, nextOffset } = at.read(position, this.#log.network.cut(available));
        await listener.records(partition, records, nextOffset);
        if (!this.#clock.isGoing) await this.#clock.turn();
        position = nextOffset;
      }
    } catch (error) {
      if (!this.#isLost(signal)) this.#fail(error);
    }
  }

  /** Calls back once the broker has something behind the position and has sent it. Returns what takes it back. */
  #fetch(at: MemoryPartition, position: number, done: () => void): () => void {
    let cancel: (() => void) | null = null;
    let isCancelled = false;
    const onThere = (): void => {
      if (isCancelled) return;
      const fetchMs = this.#log.network.fetchMs();
      if (fetchMs > 0) cancel = this.#log.clock.after(fetchMs, done);
      else done();
    };
    const ignore = at.onBeyond(position, onThere);
    return () => {
      isCancelled = true;
      ignore();
      cancel?.();
    };
  }

  #isLost(signal: AbortSignal): boolean {
    return signal.aborted;
  }

  #hasEnded(): boolean {
    return this.#isOver;
  }

  #revoke(partition: number): void {
    this.#owned.get(partition)?.lose();
    this.#owned.delete(partition);
    try {
      this.#listener?.revoked(partition);
    } catch (error) {
      this.#fail(error);
    }
  }

  #revokeAll(): void {
    for (const partition of [...this.#owned.keys()]) this.#revoke(partition);
  }

  #fail(error: unknown): void {
    if (this.#isOver) return;
    this.#isOver = true;
    this.#reject(error);
    this.#revokeAll();
  }
}
