import { Acquisition } from './acquisition.ts';
import { LeaseDeniedError, WorkerError, detailOf } from './errors.ts';
import type { HostIdentity } from './host-identity.ts';
import { Lease } from './lease.ts';
import type { AcquireOptions } from './lease-options.ts';
import type { LeaseSession } from './lease-session.ts';
import { LocalLine } from './local-line.ts';
import type { WorkerClock, WorkerLog } from './ports.ts';
import { ReviewTimer } from './review-timer.ts';
import { within } from './watch.ts';
import type { WorkerContext } from './worker-context.ts';
import type { WorkerLine } from './worker-line.ts';
import { checkWorkerOptions } from './worker-options.ts';
import type { WorkerOptions } from './worker-options.ts';

/** What a worker runs on. `connectWorker` supplies the real ones. */
export interface WorkerPorts {
  readonly log: WorkerLog;
  readonly clock: WorkerClock;
  readonly host: HostIdentity;
  /** A new random id, at most 64 characters, for every call. */
  readonly randomId: () => string;
}

/** What one run of a worker is built from. */
export interface RunParts {
  readonly line: WorkerLine;
  readonly clock: WorkerClock;
  readonly host: HostIdentity;
  readonly incarnation: string;
  /** Told at each turn of the caller's timer that this thread is awake, with the monotonic time. Default nobody. */
  readonly awake?: (now: number) => void;
}

/**
 * One run of a worker: one line to the log and one timer, however many leases.
 *
 *   starting → open       `WorkerStarted` is in every partition, before anything is asked for
 *   open → closing        `shutdown`: no lease and no step begins; running steps may end
 *   closing → closed      every lease is released, the log is closed
 */
export class Worker {
  readonly #context: WorkerContext;
  readonly #host: HostIdentity;
  readonly #reviews: ReviewTimer;
  readonly #closing: AbortController;
  readonly #leases = new Map<LeaseSession, Lease>();
  /** Requests that wait for their answer, and given up ones that wait for a late grant. */
  readonly #pending = new Set<Promise<unknown>>();
  /** Requests that were given up and may still be granted, each with its profile. */
  readonly #abandoned = new Map<Promise<void>, string>();
  #closed: Promise<void> | null = null;

  private constructor(context: WorkerContext, parts: RunParts, closing: AbortController) {
    this.#context = context;
    this.#host = parts.host;
    this.#closing = closing;
    const { heartbeatEveryMs, notice } = context.settings;
    this.#reviews = new ReviewTimer(context.clock, {
      heartbeatEveryMs,
      notice,
      ...(parts.awake === undefined ? {} : { awake: parts.awake }),
    });
    void this.#reviews.run(() => this.#leases.keys());
  }

  /**
   * A worker on a log of your own. Announces the run in every partition: leases of a former run under this name end
   * by it. Its heartbeats share the thread of the caller; those of `connectWorker` have one of their own.
   */
  static start(ports: WorkerPorts, options: WorkerOptions): Promise<Worker> {
    const { heartbeatEveryMs, browserAnswerMs, notice } = checkWorkerOptions(options);
    const { log, clock, host } = ports;
    const incarnation = ports.randomId();
    const line = new LocalLine(log, clock, { incarnation, heartbeatEveryMs, browserAnswerMs, notice });
    return Worker.run({ line, clock, host, incarnation }, options);
  }

  /** @internal */
  static async run(parts: RunParts, options: WorkerOptions): Promise<Worker> {
    const settings = checkWorkerOptions(options);
    const { line, clock, host, incarnation } = parts;
    const closing = new AbortController();
    let count = 0;
    const context: WorkerContext = {
      line,
      clock,
      settings,
      incarnation,
      closing: closing.signal,
      nextNumber: () => (count += 1),
    };
    const { workerId } = settings;
    const { hostId, bootId } = host;
    const partitions = Array.from({ length: line.partitionCount }, (_, partition) => partition);
    const announced = line.append(
      partitions.map((partition) => ({
        id: `${incarnation}:started:${partition}`,
        profileId: null,
        partition,
        event: { type: 'WorkerStarted', workerId, incarnation, hostId, bootId },
      })),
    );
    try {
      if ((await within(announced, clock, settings.answerTimeoutMs)) === undefined)
        throw new Error(`no acknowledgement of WorkerStarted within ${settings.answerTimeoutMs} ms`);
    } catch (cause) {
      throw new WorkerError('log-unavailable', detailOf(cause), { cause });
    }
    return new Worker(context, parts, closing);
  }

  /** Random id of this run; the owner of its leases. */
  get incarnation(): string {
    return this.#context.incarnation;
  }

  /**
   * Asks for a profile. Resolves with a lease once its first heartbeat was read back, so that the browser may be
   * launched at once; until then launch nothing. Rejects with `LeaseDeniedError`, `AcquireTimeoutError` (after waitMs +
   * answerTimeoutMs) or another `WorkerError`. May be called again at once after it was given up: where the profile then
   * goes to the request that was given up, that one is released first, within the same waitMs + answerTimeoutMs.
   */
  async acquire(options: AcquireOptions): Promise<Lease> {
    let acquisition = new Acquisition(this.#context, options);
    if (this.#closing.signal.aborted) throw new WorkerError('worker-closed');
    const { maxLeases } = this.#context.settings;
    if (this.#leases.size + this.#pending.size >= maxLeases)
      throw new WorkerError('too-many-leases', `${maxLeases} are held or asked for`);
    const asked = acquisition
      .run(this.#host)
      .catch(async (error: unknown) => {
        const abandoned = this.#abandonedOf(options.profileId);
        if (abandoned.length === 0 || !isOwn(error)) throw error;
        const next = await acquisition.askedAfter(Promise.all(abandoned));
        await acquisition.abandon();
        acquisition = next;
        return next.run(this.#host);
      })
      .then((session) => {
        const lease = this.#hold(session);
        // From here on it counts as held, and not as asked for too.
        this.#pending.delete(waiting);
        return lease;
      });
    const waiting = asked.then(
      () => undefined,
      () => this.#abandon(acquisition),
    );
    this.#pending.add(waiting);
    void waiting.then(() => this.#pending.delete(waiting));
    return asked;
  }

  #abandonedOf(profileId: string): readonly Promise<void>[] {
    return [...this.#abandoned].filter(([, of]) => of === profileId).map(([abandoned]) => abandoned);
  }

  async #abandon(acquisition: Acquisition): Promise<void> {
    const abandoned = acquisition.abandon();
    this.#abandoned.set(abandoned, acquisition.session.profileId);
    await abandoned;
    this.#abandoned.delete(abandoned);
  }

  #hold(session: LeaseSession): Lease {
    // The shutdown either finds the lease in the map, or it began before and the lease is never handed out.
    if (this.#closing.signal.aborted) throw new WorkerError('worker-closed');
    const lease = new Lease(this.#context, session, () => {
      this.#context.line.leave(session);
      this.#leases.delete(session);
    });
    this.#leases.set(session, lease);
    return lease;
  }

  /**
   * Begins nothing new, tells every lease to stop, waits up to shutdownTimeoutMs for the stop callbacks and running
   * steps, releases what is left with outcome `cancelled`, and closes the log. Never rejects. A request that was not
   * answered yet is left to the authority, which frees a lease that was never used.
   */
  shutdown(): Promise<void> {
    this.#closed ??= this.#shutdown();
    return this.#closed;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.shutdown();
  }

  async #shutdown(): Promise<void> {
    const { clock, line, settings } = this.#context;
    const graceMs = settings.shutdownTimeoutMs;
    this.#closing.abort();
    const stopped = [...this.#leases.keys()].map(async (session) => {
      session.watch.changed();
      session.tellStop(session.stops.call({ reason: 'worker-shutdown', graceMs }));
      await session.watch.until(() => session.stops.running === 0 && session.steps.running === 0, graceMs);
    });
    await within(Promise.all(stopped), clock, graceMs);
    const released = [...this.#leases.values()].map((lease) => lease.release({ outcome: 'cancelled' }));
    await Promise.all(released);
    await Promise.all(this.#pending);
    this.#reviews.stop();
    await line.close().catch(() => undefined);
  }
}

const isOwn = (error: unknown): boolean =>
  error instanceof LeaseDeniedError && error.reason === 'already-yours';
