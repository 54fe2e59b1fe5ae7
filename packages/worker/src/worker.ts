import { Acquisition } from './acquisition.ts';
import { WorkerError, detailOf } from './errors.ts';
import { HeartbeatLoop } from './heartbeat-loop.ts';
import type { HostIdentity } from './host-identity.ts';
import { Lease } from './lease.ts';
import type { AcquireOptions } from './lease-options.ts';
import type { LeaseSession } from './lease-session.ts';
import { PartitionTails } from './partition-tails.ts';
import type { WorkerClock, WorkerLog } from './ports.ts';
import { within } from './watch.ts';
import type { WorkerContext } from './worker-context.ts';
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

/**
 * One run of a worker: one producer, one consumer and one timer, however many leases.
 *
 *   starting → open       `WorkerStarted` is in every partition, before anything is asked for
 *   open → closing        `shutdown`: no lease and no step begins; running steps may end
 *   closing → closed      every lease is released, the log is closed
 */
export class Worker {
  readonly #context: WorkerContext;
  readonly #host: HostIdentity;
  readonly #tails: PartitionTails;
  readonly #beats: HeartbeatLoop;
  readonly #closing: AbortController;
  readonly #leases = new Map<LeaseSession, Lease>();
  /** Requests that wait for their answer, and given up ones that wait for a late grant. */
  readonly #pending = new Set<Promise<unknown>>();
  #closed: Promise<void> | null = null;

  private constructor(context: WorkerContext, host: HostIdentity, closing: AbortController) {
    this.#context = context;
    this.#host = host;
    this.#closing = closing;
    this.#tails = new PartitionTails(context.log);
    this.#beats = new HeartbeatLoop(context);
    void this.#beats.run();
  }

  /** Announces the run in every partition: leases of a former run under this name end by it. */
  static async start(ports: WorkerPorts, options: WorkerOptions): Promise<Worker> {
    const settings = checkWorkerOptions(options);
    const { log, clock, randomId, host } = ports;
    const closing = new AbortController();
    let count = 0;
    const context: WorkerContext = {
      log,
      clock,
      settings,
      incarnation: randomId(),
      closing: closing.signal,
      nextNumber: () => (count += 1),
    };
    const { workerId } = settings;
    const { incarnation } = context;
    const { hostId, bootId } = host;
    const partitions = Array.from({ length: log.partitionCount }, (_, partition) => partition);
    const announced = log.append(
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
    return new Worker(context, host, closing);
  }

  /** Random id of this run; the owner of its leases. */
  get incarnation(): string {
    return this.#context.incarnation;
  }

  /**
   * Asks for a profile. Resolves with a lease once its first heartbeat was read back, so that the browser may be
   * launched at once; until then launch nothing. Rejects with `LeaseDeniedError`, `AcquireTimeoutError` (after waitMs +
   * answerTimeoutMs) or another `WorkerError`.
   */
  async acquire(options: AcquireOptions): Promise<Lease> {
    const acquisition = new Acquisition(this.#context, this.#tails, this.#beats, options);
    if (this.#closing.signal.aborted) throw new WorkerError('worker-closed');
    const { maxLeases } = this.#context.settings;
    if (this.#leases.size + this.#pending.size >= maxLeases)
      throw new WorkerError('too-many-leases', `${maxLeases} are held or asked for`);
    const asked = acquisition.run(this.#host).then((session) => this.#hold(session, acquisition));
    const waiting = asked.then(
      () => undefined,
      () => acquisition.abandon(),
    );
    this.#pending.add(waiting);
    void waiting.then(() => this.#pending.delete(waiting));
    return asked;
  }

  #hold(session: LeaseSession, acquisition: Acquisition): Lease {
    // The shutdown either finds the lease in the map, or it began before and the lease is never handed out.
    if (this.#closing.signal.aborted) throw new WorkerError('worker-closed');
    const lease = new Lease(this.#context, session, () => {
      acquisition.leave();
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
    const { clock, log, settings } = this.#context;
    const graceMs = settings.shutdownTimeoutMs;
    this.#closing.abort();
    const stopped = [...this.#leases.keys()].map(async (session) => {
      session.watch.changed();
      await session.stops.call({ reason: 'worker-shutdown', graceMs });
      await session.watch.until(() => session.steps.running === 0, graceMs);
    });
    await within(Promise.all(stopped), clock, graceMs);
    const released = [...this.#leases].map(([session, lease]) =>
      lease.release({ outcome: 'cancelled', browserClosed: session.browser.closedAsRecorded }),
    );
    await Promise.all(released);
    await Promise.all(this.#pending);
    this.#beats.stop();
    await log.close().catch(() => undefined);
  }
}
