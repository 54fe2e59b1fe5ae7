import type { NewEvent } from '@profile-warden/events';
import { detailOf } from './errors.ts';
import type { LeaseSession } from './lease-session.ts';
import type { WorkerContext } from './worker-context.ts';

/** Leases are looked at this many times per heartbeat interval, but not more often than the eye can tell. */
const SCANS_PER_INTERVAL = 20;
const SCAN_MIN_MS = 5;
const SCAN_MAX_MS = 500;
/** After a failed send the next heartbeat comes after this share of the interval. */
const RETRY_SHARE = 4;
/** Heartbeats of one send. More leases than that take several sends, one behind the other. */
const MAX_BATCH = 500;
const LAG_NOTICE_MS = 1_000;
const MAX_INT = 2 ** 31 - 1;

interface WaitingBeat {
  readonly session: LeaseSession;
  readonly event: NewEvent;
  /** Whether it was acknowledged; one that need not be sent any more counts as such. */
  readonly settle: (sent: boolean) => void;
}

/**
 * The one timer of a worker. At each scan every lease is reviewed against its deadline, and those that are due beat:
 * all beats that are ready in the same turn go out in one send.
 *
 * A lease beats at once when it is granted and when it becomes paused, else at the worker's common beat, so that a
 * process with a hundred leases sends once per interval. One beat per lease is outstanding at a time; a failed send
 * is unknown, not loss, and the lease's own deadline is what ends it.
 */
export class HeartbeatLoop {
  readonly #context: WorkerContext;
  readonly #sessions = new Set<LeaseSession>();
  readonly #stop = new AbortController();
  readonly #startedAt: number;
  readonly #waiting: WaitingBeat[] = [];
  #lagMs = 0;

  constructor(context: WorkerContext) {
    this.#context = context;
    this.#startedAt = context.clock.now();
  }

  /** Runs until `stop`; never rejects. */
  async run(): Promise<void> {
    const { clock, settings } = this.#context;
    const scanMs = Math.min(
      SCAN_MAX_MS,
      Math.max(SCAN_MIN_MS, Math.round(settings.heartbeatEveryMs / SCANS_PER_INTERVAL)),
    );
    while (!this.#stop.signal.aborted) {
      const wakeAt = clock.now() + scanMs;
      await clock.sleep(scanMs, this.#stop.signal);
      const lagMs = Math.max(0, Math.round(clock.now() - wakeAt));
      this.#lagMs = Math.max(this.#lagMs, lagMs);
      if (lagMs >= LAG_NOTICE_MS) settings.notice({ type: 'loop-lag', lagMs });
      this.#scan();
    }
  }

  stop(): void {
    this.#stop.abort();
  }

  /** The lease was granted: its first heartbeat goes out now. */
  add(session: LeaseSession): void {
    this.#sessions.add(session);
    void this.#beat(session);
  }

  remove(session: LeaseSession): void {
    this.#sessions.delete(session);
  }

  #scan(): void {
    const now = this.#context.clock.now();
    for (const session of this.#sessions) {
      session.review();
      if (now >= session.nextBeatAt && !session.beatOutstanding) void this.#beat(session);
    }
  }

  async #beat(session: LeaseSession): Promise<void> {
    const { clock, settings } = this.#context;
    if (!session.mayBeat()) return;
    session.beatOutstanding = true;
    session.nextBeatAt = this.#nextCommonBeat();
    const browser = await session.browser.state();
    // While the browser was asked the lease may have ended; nothing follows a release.
    const sent = session.mayBeat() ? await this.#send(session, browser) : true;
    if (!sent) session.nextBeatAt = clock.now() + settings.heartbeatEveryMs / RETRY_SHARE;
    session.beatOutstanding = false;
    session.watch.changed();
  }

  #nextCommonBeat(): number {
    const { clock, settings } = this.#context;
    const every = settings.heartbeatEveryMs;
    const passed = Math.floor((clock.now() - this.#startedAt) / every);
    return this.#startedAt + (passed + 1) * every;
  }

  #send(session: LeaseSession, browser: Parameters<LeaseSession['nextBeat']>[0]): Promise<boolean> {
    const event = session.nextBeat(browser, Math.min(this.#lagMs, MAX_INT));
    return new Promise((resolve) => {
      if (this.#waiting.length === 0) queueMicrotask(() => this.#flush());
      this.#waiting.push({ session, event, settle: resolve });
    });
  }

  #flush(): void {
    this.#lagMs = 0;
    const due: WaitingBeat[] = [];
    for (const beat of this.#waiting.splice(0)) {
      // A lease may have been sealed in this very turn, and nothing may follow its release.
      if (beat.session.mayBeat()) due.push(beat);
      else beat.settle(true);
    }
    for (let start = 0; start < due.length; start += MAX_BATCH)
      void this.#append(due.slice(start, start + MAX_BATCH));
  }

  async #append(beats: readonly WaitingBeat[]): Promise<void> {
    try {
      await this.#context.log.append(beats.map(({ event }) => event));
      for (const { settle } of beats) settle(true);
    } catch (error) {
      const profileIds = beats.map(({ session }) => session.profileId);
      this.#context.settings.notice({ type: 'heartbeat-failed', profileIds, detail: detailOf(error) });
      for (const { settle } of beats) settle(false);
    }
  }
}
