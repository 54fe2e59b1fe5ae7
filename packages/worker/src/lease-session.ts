import type { LogRecord, NewEvent } from '@profile-warden/events';
import { AbortSource } from './abort-source.ts';
import { BrowserProbe } from './browser-probe.ts';
import type { ReportedBrowserState } from './browser-source.ts';
import { LeaseLostError, WorkerError } from './errors.ts';
import type { LossCause } from './errors.ts';
import { LeaseDeadline } from './lease-deadline.ts';
import type { Instant } from './lease-deadline.ts';
import type { WantedLease } from './lease-options.ts';
import { foldView, startView, withEpoch } from './lease-view.ts';
import type { Grant, LeaseView, Stop } from './lease-view.ts';
import { Callbacks } from './notice.ts';
import { StepLedger } from './step-ledger.ts';
import { Watch } from './watch.ts';
import type { WorkerContext } from './worker-context.ts';
import type { LineUser } from './worker-line.ts';

/**
 * Why the holder should stop: asked by the authority, or because its own worker shuts down. `graceMs` counts from when
 * that was asked.
 */
export type StopNotice = Stop | { readonly reason: 'worker-shutdown'; readonly graceMs: number };

type Phase = 'requested' | 'starting' | 'active' | 'paused' | 'lost' | 'ended';

/**
 * One request and the lease that it becomes, as this worker may believe in it.
 *
 *   requested → starting   its grant was read; heartbeats begin, nothing else may
 *   starting → active      a heartbeat was read back
 *   active → paused        the local deadline passed; no step starts, the caller sets the browser offline
 *   paused → active        a newer heartbeat was read back
 *   any → lost             revoked in the log, or paused for pauseMaxMs; only `ReleaseRequested` may still be sent
 *   any → ended            released, denied or given up
 *
 * The log's side of it is `LeaseView`, which goes on being folded after the local phase is over. `canAct` compares
 * clocks whenever it is asked: after a freeze it says no before any timer has fired. A release first lets running
 * steps end (`releasing`), then seals: from there on nothing but the release itself is sent.
 */
export class LeaseSession implements LineUser {
  readonly profileId: string;
  readonly partition: number;
  readonly requestId: string;
  readonly wanted: WantedLease;
  readonly watch: Watch;
  readonly browser: BrowserProbe;
  readonly steps = new StepLedger();
  readonly stops: Callbacks<StopNotice>;
  readonly pauses: Callbacks<void>;
  readonly resumes: Callbacks<void>;
  /** A step has ended otherwise than ok, or was refused. Not: one whose options were wrong. */
  anyStepFailed = false;

  readonly #context: WorkerContext;
  readonly #loss = new AbortSource<LeaseLostError>();
  readonly #seal = new AbortSource<WorkerError>();
  #granted: ((session: LeaseSession) => void) | null;
  #view: LeaseView;
  #phase: Phase = 'requested';
  #deadline: LeaseDeadline | null = null;
  #pausedAt = 0;
  #releasing = false;

  /** `granted` is called once, when the grant is read. */
  constructor(
    context: WorkerContext,
    target: { readonly profileId: string; readonly wanted: WantedLease; readonly epoch: number },
    granted: (session: LeaseSession) => void,
  ) {
    const { clock, settings, line } = context;
    this.profileId = target.profileId;
    this.wanted = target.wanted;
    this.partition = line.partitionOf(target.profileId);
    this.requestId = `${context.incarnation}:${context.nextNumber()}`;
    this.watch = new Watch(clock);
    this.browser = new BrowserProbe(clock, settings.notice, (source) => line.browser(this, source));
    this.stops = new Callbacks('onStopRequested', settings.notice);
    this.pauses = new Callbacks('onPause', settings.notice);
    this.resumes = new Callbacks('onResume', settings.notice);
    this.#context = context;
    this.#granted = granted;
    this.#view = startView(this.requestId, target.epoch);
  }

  get view(): LeaseView {
    return this.#view;
  }

  get phase(): Phase {
    return this.#phase;
  }

  /** Only of a session that was granted. */
  get grant(): Grant {
    if ('grant' in this.#view) return this.#view.grant;
    throw new Error(`${this.profileId}: there is no grant`);
  }

  /** What was asked of the holder already, or null. */
  get stop(): StopNotice | null {
    const { closing, settings } = this.#context;
    if (closing.aborted && !this.#seal.isAborted)
      return { reason: 'worker-shutdown', graceMs: settings.shutdownTimeoutMs };
    return this.#view.status === 'held' ? this.#view.stop : null;
  }

  /** To be told of every call of `stops`, so that whoever waits for them looks again when they have settled. */
  tellStop(called: Promise<void>): void {
    void called.then(() => this.watch.changed());
  }

  /** Why the lease was lost, or null. */
  get loss(): LeaseLostError | null {
    return this.#loss.reason;
  }

  /** Aborts when the lease is lost. */
  get lossSignal(): AbortSignal {
    return this.#loss.signal;
  }

  /** Aborts when the release goes out; whatever still runs must stop. */
  get sealSignal(): AbortSignal {
    return this.#seal.signal;
  }

  record(record: LogRecord): void {
    const before = this.#view;
    const view = (this.#view = foldView(before, record));
    if (view.status === 'held') {
      if (before.status !== 'held') this.#begin(view.grant);
      else if (before.stop === null && view.stop !== null) this.tellStop(this.stops.call(view.stop));
      this.steps.fold(record.event, view.grant.token);
    } else if (view !== before && view.status === 'lost') this.#lose(view.cause, view.detail);
    else if (view.status === 'released' || view.status === 'denied') this.#over('ended');
    this.watch.changed();
  }

  /** An epoch that became known before this session listened. */
  knowEpoch(epoch: number): void {
    this.#view = withEpoch(this.#view, epoch);
    if (this.#view.status === 'lost') this.#lose(this.#view.cause, this.#view.detail);
  }

  beatHeard(sent: Instant): void {
    // A heartbeat that the log has behind the revocation, or that was sent too long ago, vouches for nothing.
    if (this.#view.status !== 'held') return;
    this.#deadline?.confirmed(sent);
    if (this.#deadline?.isPast() === false) this.#confirmed(this.#view.grant.token);
    this.watch.changed();
  }

  askBrowser(): Promise<ReportedBrowserState> {
    return this.browser.answer();
  }

  /** Moves on what the clocks alone decide. Cheap; called by the heartbeat loop and before every action. */
  review(): void {
    if (this.#seal.isAborted) return;
    if (this.#phase === 'active' && this.#deadline?.isPast() === true) {
      this.#phase = 'paused';
      this.#pausedAt = this.#context.clock.now();
      this.#context.line.urge(this);
      this.#context.settings.notice({
        type: 'lease-paused',
        profileId: this.profileId,
        token: this.grant.token,
      });
      void this.pauses.call();
      this.watch.changed();
    } else if (this.#phase === 'paused' && this.#pausedForMs() >= this.#context.settings.pauseMaxMs) {
      this.#lose(
        'pause-exceeded',
        `no heartbeat was read back for ${this.#pausedForMs()} ms after its deadline`,
      );
      this.watch.changed();
    }
  }

  canAct(): boolean {
    this.review();
    return this.#phase === 'active' && !this.#seal.isAborted;
  }

  /**
   * Why no step may start any more, or null. A pause is no reason: it may end. While the worker shuts down, only what
   * finishes (`inShutdown`) may.
   */
  endReason(inShutdown = false): WorkerError | null {
    this.review();
    if (this.#loss.reason !== null) return this.#loss.reason;
    if (this.#releasing || this.#phase === 'ended') return new WorkerError('lease-ended', this.profileId);
    return this.#context.closing.aborted && !inShutdown ? new WorkerError('worker-closed') : null;
  }

  /** Takes a place for a step and names it; `leaveStep` gives the place back. */
  enterStep(inShutdown: boolean): string {
    const reason =
      this.endReason(inShutdown) ??
      (this.steps.isFull ? new WorkerError('too-many-steps', this.profileId) : null);
    if (reason === null) return this.steps.enter(this.grant.token);
    this.anyStepFailed = true;
    throw reason;
  }

  leaveStep(stepId: string): void {
    this.steps.leave(stepId);
    this.watch.changed();
  }

  /** Puts a report under this token into the log. A worker that lost its lease, or gave it back, reports nothing. */
  async report(event: NewEvent): Promise<void> {
    this.#loss.throwIfAborted();
    this.#seal.throwIfAborted();
    await this.#context.line.append([event]);
  }

  beginRelease(): void {
    this.#releasing = true;
    this.watch.changed();
  }

  seal(): void {
    this.#seal.abort(new WorkerError('lease-ended', this.profileId));
    this.#context.line.rest(this);
    this.watch.changed();
  }

  end(): void {
    if (this.#phase !== 'lost') this.#over('ended');
    this.watch.changed();
  }

  #over(phase: 'lost' | 'ended'): void {
    this.#phase = phase;
    this.#context.line.rest(this);
  }

  #begin(grant: Grant): void {
    const { clock, settings } = this.#context;
    this.#deadline = new LeaseDeadline(clock, grant.leaseMs - settings.marginMs);
    if (this.#phase === 'requested') this.#phase = 'starting';
    const granted = this.#granted;
    // Whoever asked for the lease is not kept for as long as the lease.
    this.#granted = null;
    granted?.(this);
  }

  #confirmed(token: number): void {
    if (this.#phase === 'starting') this.#phase = 'active';
    if (this.#phase !== 'paused') return;
    const pausedMs = this.#pausedForMs();
    this.#phase = 'active';
    this.#context.settings.notice({ type: 'lease-resumed', profileId: this.profileId, token, pausedMs });
    void this.resumes.call();
  }

  /**
   * Counted from when the pause was noticed, by the monotonic clock: nothing may be done meanwhile, so there is no
   * harm in waiting, whereas a wall clock that is set ahead would end a sound lease.
   */
  #pausedForMs(): number {
    return this.#context.clock.now() - this.#pausedAt;
  }

  #lose(cause: LossCause, detail: string): void {
    if (this.#phase === 'lost' || this.#phase === 'ended') return;
    this.#over('lost');
    const { token } = this.grant;
    this.#context.settings.notice({ type: 'lease-lost', profileId: this.profileId, token, detail });
    this.#loss.abort(new LeaseLostError(this.profileId, token, cause, detail));
    void this.browser.close(this.#context.settings.releaseTimeoutMs);
  }
}
