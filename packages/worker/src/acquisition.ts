import { readDirectoryIdentity, type HostIdentity } from './host-identity.ts';
import { AcquireTimeoutError, LeaseDeniedError, WorkerError, detailOf } from './errors.ts';
import { checkProfileId, checkWantedLease } from './lease-options.ts';
import type { AcquireOptions } from './lease-options.ts';
import { LeaseSession } from './lease-session.ts';
import { releaseLease } from './release.ts';
import { within } from './watch.ts';
import { keyedEvent } from './worker-context.ts';
import type { WorkerContext } from './worker-context.ts';

/** How much longer than `acquire` itself a request that was given up is listened for, as a share of its wait. */
const LATE_GRANT_ANSWERS = 2;

/**
 * Gets from a request to a lease that may be used:
 *
 *   following → asked → granted → confirmed (its first heartbeat was read back)
 *
 * Wherever it stops before the end (denied, aborted, timed out, the log failed) the caller gets an error and has
 * launched nothing. If the request may still be granted it is listened for a while longer, and a late grant is
 * released with the browser confirmed as closed. A grant that comes later still is found by the authority as never
 * used, and the profile is freed after leaseMs. Whoever asks again meanwhile may be refused on its account; `askedAfter`
 * is then the next request.
 */
export class Acquisition {
  readonly session: LeaseSession;
  readonly #context: WorkerContext;
  readonly #options: AcquireOptions;
  readonly #limitMs: number;
  readonly #startedAt: number;
  readonly #giveUp: AbortSignal;
  readonly #userSignal: AbortSignal | undefined;
  #isAsked = false;
  #isAbandoned = false;

  /** Throws on bad input. `startedAt`, of the monotonic clock: what has passed since is gone from the wait. */
  constructor(context: WorkerContext, options: AcquireOptions, startedAt = context.clock.now()) {
    const profileId = checkProfileId(options.profileId);
    const asked = checkWantedLease(options);
    const passedMs = Math.ceil(context.clock.now() - startedAt);
    const wanted = { ...asked, waitMs: Math.max(0, asked.waitMs - passedMs) };
    const { line } = context;
    const epoch = line.epochOf(line.partitionOf(profileId));
    this.#context = context;
    this.#options = options;
    this.#limitMs = asked.waitMs + context.settings.answerTimeoutMs;
    this.#startedAt = startedAt;
    this.#userSignal = options.signal;
    this.#giveUp =
      options.signal === undefined ? context.closing : AbortSignal.any([context.closing, options.signal]);
    this.session = new LeaseSession(context, { profileId, wanted, epoch }, (granted) => {
      // Without room for a heartbeat there is nothing to begin; `run` says so.
      if (this.#leavesRoom() && !this.#isAbandoned)
        line.beat(granted, granted.grant.token, granted.browser.source);
      else granted.end();
    });
  }

  async run(host: HostIdentity): Promise<LeaseSession> {
    this.#throwIfGivenUp();
    await this.#untilLogged(this.#listen());
    await this.#untilLogged(this.#request(host));
    const { session } = this;
    await session.watch.until(() => isSettled(session), this.#leftMs(), this.#giveUp);
    this.#throwIfGivenUp();
    if (session.phase === 'active') return session;
    const { view } = session;
    if (view.status === 'denied') throw new LeaseDeniedError(session.profileId, view.denial);
    if (session.loss !== null) throw session.loss;
    if (view.status === 'held' && !this.#leavesRoom())
      throw new WorkerError('margin-too-large', `leaseMs ${view.grant.leaseMs}`);
    throw this.#timeout();
  }

  /**
   * After `run` was refused on account of another request of this worker, which was given up: the same once more, when
   * that one is over. Rejects where what is left of the wait ends first.
   */
  async askedAfter(abandoned: Promise<unknown>): Promise<Acquisition> {
    await this.#untilLogged(abandoned);
    return new Acquisition(this.#context, this.#options, this.#startedAt);
  }

  /** After `run` has failed: waits for a late grant, releases it, and stops listening. Bounded; never rejects. */
  async abandon(): Promise<void> {
    const { session } = this;
    const { settings, closing } = this.#context;
    this.#isAbandoned = true;
    const lateMs = this.#limitMs + LATE_GRANT_ANSWERS * settings.answerTimeoutMs;
    if (this.#isAsked) await session.watch.until(() => session.view.status !== 'requested', lateMs, closing);
    const { status } = session.view;
    // Also of a grant that was revoked before it was used: recovery then need not look for a browser.
    if (status === 'held' || status === 'lost') {
      const { profileId, grant } = session;
      settings.notice({ type: 'late-grant', profileId, token: grant.token });
      await releaseLease(this.#context, session, { outcome: 'cancelled', browserClosed: 'confirmed' });
    }
    this.#context.line.leave(session);
  }

  async #listen(): Promise<void> {
    const { line } = this.#context;
    await line.listen(this.session);
    // What became known while the partition was opened was told to nobody.
    this.session.knowEpoch(line.epochOf(this.session.partition));
  }

  async #request(host: HostIdentity): Promise<readonly number[]> {
    const { line, settings, incarnation } = this.#context;
    const { profileId, requestId, wanted } = this.session;
    const profileDirectoryId = await readDirectoryIdentity(wanted.profileDirectory);
    this.#throwIfGivenUp();
    // A mount that hung has answered, and nobody waits any more.
    if (this.#isAbandoned) throw this.#timeout();
    this.#isAsked = true;
    const { workerId } = settings;
    return line.append([
      keyedEvent(this.#context, profileId, {
        type: 'LeaseRequested',
        requestId,
        workerId,
        incarnation,
        ...host,
        ...wanted,
        profileDirectoryId,
      }),
    ]);
  }

  async #untilLogged(work: Promise<unknown>): Promise<void> {
    let done;
    try {
      done = await within(work, this.#context.clock, this.#leftMs(), this.#giveUp);
    } catch (cause) {
      throw new WorkerError('log-unavailable', detailOf(cause), { cause });
    }
    this.#throwIfGivenUp();
    if (done === undefined) throw this.#timeout();
  }

  #leavesRoom(): boolean {
    const { marginMs, heartbeatEveryMs } = this.#context.settings;
    return this.session.grant.leaseMs - marginMs > heartbeatEveryMs;
  }

  #throwIfGivenUp(): void {
    if (this.#context.closing.aborted) throw new WorkerError('worker-closed');
    const signal = this.#userSignal;
    if (signal?.aborted === true)
      throw new WorkerError('acquire-aborted', this.session.profileId, { cause: signal.reason });
  }

  #leftMs(): number {
    return Math.max(0, this.#limitMs - (this.#context.clock.now() - this.#startedAt));
  }

  #timeout(): AcquireTimeoutError {
    return new AcquireTimeoutError(
      this.session.profileId,
      Math.round(this.#context.clock.now() - this.#startedAt),
    );
  }
}

const isSettled = ({ phase }: LeaseSession): boolean => phase !== 'requested' && phase !== 'starting';
