import type { CheckpointStore, Intent, ResumePoint, Screenshot } from '@profile-warden/events';
import type { AskBrowser, CloseBrowser } from './browser-probe.ts';
import { InvalidInputError } from './errors.ts';
import { checkText, checkWhole } from './input-check.ts';
import type { LeaseSession, StopNotice } from './lease-session.ts';
import { checkRelease, releaseLease } from './release.ts';
import type { ReleaseOptions, ReleaseResult } from './release.ts';
import { checkStep } from './step-options.ts';
import type { CheckedStep, StepOptions } from './step-options.ts';
import { StepRunner } from './step-runner.ts';
import type { StepAction } from './step-runner.ts';
import { keyedEvent } from './worker-context.ts';
import type { WorkerContext } from './worker-context.ts';

export interface CheckpointOptions {
  /**
   * `profile`: it lives in the profile directory, and is trusted only after the browser has had time to write it.
   * `server`: the site behind it has it; trusted at once. Required.
   */
  readonly stored: Exclude<CheckpointStore, 'UNKNOWN'>;
  /** Page, redacted before it is sent. Default none. */
  readonly url?: string;
  /** Picture of the page. Default none. */
  readonly screenshot?: Screenshot;
}

/**
 * A profile that is yours. When `acquire` has resolved, the browser may be launched.
 *
 *   active → paused      `canAct()` is false, `onPause` is called: set the browser context offline and wait
 *   paused → active      `onResume` is called
 *   → lost               `signal` aborts: end the browser, then release
 *   → released           by `release`, by leaving an `await using` block, or by `worker.shutdown`
 *
 * Always release, also a lost lease: its release tells the recovery that the browser is gone.
 */
export class Lease implements AsyncDisposable {
  readonly #context: WorkerContext;
  readonly #session: LeaseSession;
  readonly #left: (session: LeaseSession) => void;
  #released: Promise<ReleaseResult> | null = null;

  /** `left` is called once the lease is released. */
  constructor(context: WorkerContext, session: LeaseSession, left: (session: LeaseSession) => void) {
    this.#context = context;
    this.#session = session;
    this.#left = left;
  }

  get profileId(): string {
    return this.#session.profileId;
  }

  /** As it was given to `acquire`; null where none was. */
  get profileDirectory(): string | null {
    return this.#session.wanted.profileDirectory;
  }

  /** The fencing token. Hand it to every database write, so that the fence can refuse what comes too late. */
  get token(): number {
    return this.#session.grant.token;
  }

  /**
   * Offset of the grant in its partition of the log. Hand it on beside the token (`seenOffset` of the fence): a database
   * that has not come that far then says to try again, in place of that it does not know the lease.
   */
  get grantOffset(): number {
    return this.#session.grant.offset;
  }

  get intent(): Intent {
    return this.#session.grant.intent;
  }

  /** Of a resumed task: the checkpoint to go on from and the steps done since, which must not be done again. */
  get resumeFrom(): ResumePoint | null {
    return this.#session.grant.resumeFrom;
  }

  /** After this run time, in ms of log time, the lease is asked to stop. */
  get maxRuntimeMs(): number {
    return this.#session.grant.maxRuntimeMs;
  }

  /** Aborts when the lease is lost, with a `LeaseLostError` as reason; not by a release. */
  get signal(): AbortSignal {
    return this.#session.lossSignal;
  }

  /** Past the local deadline, and not lost yet. */
  get paused(): boolean {
    this.#session.review();
    return this.#session.phase === 'paused';
  }

  /** Whether the browser may be driven at this moment. Compares the clocks; ask before every action of your own. */
  canAct(): boolean {
    return this.#session.canAct();
  }

  /**
   * Whether work may begin at this moment. Throws once none may any more, since it is lost or its release has begun;
   * `canAct` then still holds for steps that run.
   * @internal
   */
  mayBegin(): boolean {
    const reason = this.#session.endReason(true);
    if (reason !== null) throw reason;
    return this.#session.canAct();
  }

  /**
   * Resolves when `mayBegin` would no longer say no. A pause ends within pauseMaxMs.
   * @internal
   */
  async untilMayBegin(): Promise<void> {
    const session = this.#session;
    await session.watch.until(
      () => session.canAct() || session.endReason(true) !== null,
      this.#context.settings.pauseMaxMs,
    );
  }

  /**
   * Runs one action on the profile and records it. Resolves with what the action returned, once the outcome is in the
   * log. An action that throws `NotApplied` changed nothing; any other error leaves the outcome unknown (of a `read`:
   * not applied) and is passed on. When the lease is lost meanwhile it rejects with `LeaseLostError`.
   */
  async step<T>(name: string, options: StepOptions, action: StepAction<T>): Promise<T> {
    if (typeof action !== 'function') throw new InvalidInputError('action', action, 'a function');
    return new StepRunner(this.#context, this.#session, this.#checked(name, options), action).run();
  }

  /**
   * Records that the task may be resumed from here: a `read` step that does nothing and carries the checkpoint. Also
   * while the worker shuts down, from a callback of `onStopRequested`.
   */
  async checkpoint(name: string, { stored, url, screenshot }: CheckpointOptions): Promise<void> {
    const seen = {
      ...(url === undefined ? {} : { url }),
      ...(screenshot === undefined ? {} : { screenshot }),
    };
    const step = this.#checked(name, { kind: 'read', checkpoint: { name, stored }, ...seen });
    await new StepRunner(this.#context, this.#session, { ...step, inShutdown: true }, () => undefined).run();
  }

  #checked(name: string, options: StepOptions): CheckedStep {
    try {
      return checkStep(name, options, this.#session.wanted, this.#context.settings.secretUrlPaths);
    } catch (error) {
      // A step that the lease does not cover stays undone; a wrong option is a fault of the program.
      if (!(error instanceof InvalidInputError)) this.#session.anyStepFailed = true;
      throw error;
    }
  }

  /**
   * Says that heartbeats may stay away for up to `ms` (a blocking native call), 1 to leaseMs − marginMs. It moves the
   * suspicion only: the lease ends when it would, and past the local deadline it is paused as ever.
   */
  async announceSilence(ms: number): Promise<void> {
    const { token, leaseMs } = this.#session.grant;
    const silenceMs = checkWhole('ms', ms, 1, leaseMs - this.#context.settings.marginMs);
    const reason = this.#session.endReason();
    if (reason !== null) throw reason;
    await this.#session.report(
      keyedEvent(this.#context, this.profileId, { type: 'SilenceAnnounced', token, silenceMs }),
    );
  }

  /**
   * How to ask the browser before each heartbeat. Until it is set, heartbeats say `starting`, which the authority bears
   * for startBudgetMs and then takes the profile away. It must answer within browserAnswerMs, and say `reachable` only
   * if the browser really answered; else the heartbeat says `unreachable`.
   */
  browserState(ask: AskBrowser): void {
    if (typeof ask !== 'function') throw new InvalidInputError('ask', ask, 'a function');
    this.#session.browser.askWith(ask);
  }

  /**
   * Where the browser can be asked over its own CDP socket (`ws://…/devtools/browser/…`), in place of `browserState`.
   * `connectWorker` then asks from its own thread: answers are heard while your code blocks the event loop.
   */
  browserEndpoint(url: string): void {
    if (!/^wss?:\/\/\S+$/.test(checkText('url', url, 2_048)))
      throw new InvalidInputError('url', url, 'the ws:// address of a CDP socket');
    this.#session.browser.askAt(url);
  }

  /**
   * How to close the browser. Called once: when the lease is lost, or when it is released (by you, by leaving an
   * `await using` block, by `worker.shutdown`) and the browser is not known to be closed. A release waits for it for
   * `needsMs`, and for releaseTimeoutMs at least; what has not answered by then is unconfirmed. Default 0; 0 to
   * 3,600,000. Set it anew for the next browser.
   */
  closeBrowserWith(close: CloseBrowser, needsMs = 0): void {
    if (typeof close !== 'function') throw new InvalidInputError('close', close, 'a function');
    this.#session.browser.closeWith(close, checkWhole('needsMs', needsMs, 0, 3_600_000));
  }

  /** Records that the browser was seen to end: a release then confirms it. Until `browserState` is set for another one. */
  browserClosed(): void {
    this.#session.browser.closed();
  }

  /** Called at once if the lease is paused already. Returns a function that removes the callback. */
  onPause(callback: () => unknown): () => void {
    if (this.paused) void this.#session.pauses.callOne(callback);
    return this.#session.pauses.add(callback);
  }

  onResume(callback: () => unknown): () => void {
    return this.#session.resumes.add(callback);
  }

  /**
   * Asked to checkpoint, close the browser and release within `graceMs`; called at once if that was asked already.
   * `shutdown` waits for what the callback returns.
   */
  onStopRequested(callback: (stop: StopNotice) => unknown): () => void {
    const { stop, stops } = this.#session;
    if (stop !== null) this.#session.tellStop(stops.callOne(callback, stop));
    return this.#session.stops.add(callback);
  }

  /**
   * Gives the profile back. Waits for running steps, for the hook that closes the browser and for the log's answer, each
   * at most releaseTimeoutMs; for the hook longer where it was said to need that. Rejects only on bad input; a second
   * call returns the result of the first.
   */
  async release(options: ReleaseOptions = {}): Promise<ReleaseResult> {
    const checked = checkRelease(options);
    this.#released ??= releaseLease(this.#context, this.#session, checked).finally(() =>
      this.#left(this.#session),
    );
    return this.#released;
  }

  /** Releases, unless that was done, with outcome `unknown`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.release({ outcome: 'unknown' });
  }
}
