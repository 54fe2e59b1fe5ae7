import type { LogRecord, NewEvent } from '@profile-warden/events';
import { HeartbeatLoop } from './heartbeat-loop.ts';
import type { HeartbeatOptions } from './heartbeat-loop.ts';
import { PartitionTails } from './partition-tails.ts';
import type { TailListener } from './partition-tails.ts';
import type { WorkerClock, WorkerLog } from './ports.ts';
import type { BrowserSource } from './browser-source.ts';
import type { LineUser, WorkerLine } from './worker-line.ts';

/** A line over a log, in the thread that it is used in. */
export class LocalLine implements WorkerLine {
  readonly #log: WorkerLog;
  readonly #tails: PartitionTails;
  readonly #beats: HeartbeatLoop;
  readonly #listeners = new Map<LineUser, TailListener>();

  constructor(log: WorkerLog, clock: WorkerClock, options: HeartbeatOptions) {
    this.#log = log;
    this.#tails = new PartitionTails(log);
    this.#beats = new HeartbeatLoop(log, clock, options);
  }

  get partitionCount(): number {
    return this.#log.partitionCount;
  }

  partitionOf(profileId: string): number {
    return this.#log.partitionOf(profileId);
  }

  append(events: readonly NewEvent[]): Promise<readonly number[]> {
    return this.#log.append(events);
  }

  epochOf(partition: number): number {
    return this.#tails.epochOf(partition);
  }

  listen(user: LineUser): Promise<void> {
    const { partition, profileId } = user;
    const listener = { partition, profileId, record: (record: LogRecord) => this.#heard(user, record) };
    this.#listeners.set(user, listener);
    return this.#tails.add(listener);
  }

  leave(user: LineUser): void {
    this.rest(user);
    const listener = this.#listeners.get(user);
    if (listener !== undefined) this.#tails.remove(listener);
    this.#listeners.delete(user);
  }

  beat(user: LineUser, token: number, source: BrowserSource): void {
    this.#beats.add(user, token, source);
  }

  urge(user: LineUser): void {
    this.#beats.urge(user);
  }

  rest(user: LineUser): void {
    this.#beats.remove(user);
  }

  browser(user: LineUser, source: BrowserSource): void {
    this.#beats.from(user, source);
  }

  async close(): Promise<void> {
    this.#beats.stop();
    for (const user of this.#listeners.keys()) this.rest(user);
    await this.#log.close();
  }

  #heard(user: LineUser, record: LogRecord): void {
    // Heartbeats are most of what there is; nobody but their lease can do anything with them.
    if (record.event.type === 'Heartbeat') this.#beats.heard(user, record.event);
    else user.record(record);
  }
}
