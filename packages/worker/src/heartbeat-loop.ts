import type { NewEvent, RecordBody } from '@profile-warden/events';
import type { ReportedBrowserState } from './browser-source.ts';
import { detailOf } from './errors.ts';
import { instantOf } from './lease-deadline.ts';
import type { OnNotice } from './notice.ts';
import type { WorkerClock, WorkerLog } from './ports.ts';
import { Pulse } from './pulse.ts';
import { scanEveryMs } from './review-timer.ts';
import type { BrowserSource } from './browser-source.ts';
import type { LineUser } from './worker-line.ts';

/** After a failed send the next heartbeat comes after this share of the interval. */
const RETRY_SHARE = 4;
/** Heartbeats of one send. More leases than that take several sends, one behind the other. */
const MAX_BATCH = 500;

export interface HeartbeatOptions {
  /** Of the run whose leases these are. */
  readonly incarnation: string;
  readonly heartbeatEveryMs: number;
  /** How long a browser may take to answer. */
  readonly browserAnswerMs: number;
  readonly notice: OnNotice;
  /** How late the thread of the callers is at this moment, in ms. Default: how late this loop itself was. */
  readonly callerLagMs?: () => number;
}

interface ReadyBeat {
  readonly pulse: Pulse;
  readonly browser: ReportedBrowserState;
}

/**
 * The one timer behind all heartbeats of a worker. At each scan the leases that are due ask their browsers, and all
 * that have their answer in the same turn go out in one send.
 *
 * A lease beats at once when it is granted and when it is urged, else at the worker's common beat, so that a process
 * with a thousand leases sends once per interval. One beat per lease is outstanding at a time; a failed send is
 * unknown, not loss, and the lease's own deadline is what ends it. The loop runs from the first lease to `stop`.
 */
export class HeartbeatLoop {
  readonly #log: WorkerLog;
  readonly #clock: WorkerClock;
  readonly #options: HeartbeatOptions;
  readonly #pulses = new Map<LineUser, Pulse>();
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  readonly #ready: ReadyBeat[] = [];
  #isRunning = false;
  #count = 0;

  constructor(log: WorkerLog, clock: WorkerClock, options: HeartbeatOptions) {
    this.#log = log;
    this.#clock = clock;
    this.#options = options;
    this.#startedAt = clock.now();
  }

  stop(): void {
    this.#stop.abort();
  }

  add(user: LineUser, token: number, source: BrowserSource): void {
    const pulse = new Pulse(user, token, source);
    this.#pulses.set(user, pulse);
    if (!this.#isRunning) void this.#run();
    this.#ask(pulse);
  }

  urge(user: LineUser): void {
    const pulse = this.#pulses.get(user);
    if (pulse !== undefined) pulse.nextAt = -Infinity;
  }

  from(user: LineUser, source: BrowserSource): void {
    this.#pulses.get(user)?.from(source);
  }

  /** A heartbeat that is ready but not handed to the log yet stays here. */
  remove(user: LineUser): void {
    this.#pulses.get(user)?.rest();
    this.#pulses.delete(user);
  }

  /** To be told of what is read for the user; tells it of its own heartbeats. */
  heard(user: LineUser, event: RecordBody): void {
    if (event.type !== 'Heartbeat' || event.incarnation !== this.#options.incarnation) return;
    const pulse = this.#pulses.get(user);
    if (pulse?.token !== event.token) return;
    const sent = pulse.heard(event.seq);
    if (sent !== null) user.beatHeard(sent);
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    const { heartbeatEveryMs, callerLagMs } = this.#options;
    const scanMs = scanEveryMs(heartbeatEveryMs);
    while (!this.#stop.signal.aborted) {
      const wakeAt = this.#clock.now() + scanMs;
      await this.#clock.sleep(scanMs, this.#stop.signal);
      this.#scan(callerLagMs?.() ?? this.#clock.now() - wakeAt);
    }
  }

  #scan(lagMs: number): void {
    const now = this.#clock.now();
    for (const pulse of this.#pulses.values()) {
      pulse.late(lagMs);
      if (pulse.state === 'waiting' && now >= pulse.nextAt) this.#ask(pulse);
      else if (pulse.state === 'asking' && now >= pulse.answerBy) this.#answered(pulse, 'unreachable');
    }
  }

  #ask(pulse: Pulse): void {
    pulse.state = 'asking';
    pulse.nextAt = this.#nextCommonBeat();
    pulse.answerBy = this.#clock.now() + this.#options.browserAnswerMs;
    pulse.ask((browser) => this.#answered(pulse, browser));
  }

  #answered(pulse: Pulse, browser: ReportedBrowserState): void {
    if (pulse.state !== 'asking') return;
    pulse.state = 'sending';
    if (this.#ready.length === 0) queueMicrotask(() => this.#flush());
    this.#ready.push({ pulse, browser });
  }

  #nextCommonBeat(): number {
    const every = this.#options.heartbeatEveryMs;
    const passed = Math.floor((this.#clock.now() - this.#startedAt) / every);
    return this.#startedAt + (passed + 1) * every;
  }

  #flush(): void {
    const ready = this.#ready.splice(0);
    for (let start = 0; start < ready.length; start += MAX_BATCH)
      void this.#send(ready.slice(start, start + MAX_BATCH));
  }

  async #send(ready: readonly ReadyBeat[]): Promise<void> {
    const { incarnation, heartbeatEveryMs, notice } = this.#options;
    const sent = instantOf(this.#clock);
    // A lease may have come to rest in this very turn, and nothing may follow its release.
    const beats = ready.filter(({ pulse }) => pulse.state !== 'resting');
    if (beats.length === 0) return;
    const events = beats.map(({ pulse, browser }): NewEvent => ({
      id: `${incarnation}:h${(this.#count += 1)}`,
      profileId: pulse.user.profileId,
      event: pulse.next(incarnation, browser, sent),
    }));
    let nextAt: number | null = null;
    try {
      await this.#log.append(events);
    } catch (error) {
      const profileIds = beats.map(({ pulse }) => pulse.user.profileId);
      notice({ type: 'heartbeat-failed', profileIds, detail: detailOf(error) });
      nextAt = this.#clock.now() + heartbeatEveryMs / RETRY_SHARE;
    }
    for (const { pulse } of beats) {
      if (pulse.state === 'sending') pulse.state = 'waiting';
      pulse.nextAt = nextAt ?? pulse.nextAt;
    }
  }
}
