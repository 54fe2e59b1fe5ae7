import type { EventOf, StepOutcome } from '@profile-warden/events';
import { LeaseLostError, NotApplied, WorkerError, detailOf } from './errors.ts';
import type { LeaseSession } from './lease-session.ts';
import { checkNote } from './step-options.ts';
import type { CheckedStep, StepContext } from './step-options.ts';
import { within } from './watch.ts';
import { keyedEvent } from './worker-context.ts';
import type { WorkerContext } from './worker-context.ts';

export type StepAction<T> = (context: StepContext) => T | Promise<T>;

const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 10_000;

/**
 * One step from the gate to its outcome.
 *
 *   waiting    until the lease is active (or rejects, see `whenPaused`)
 *   announced  `StepStarted` is appended; if that fails the action is not called
 *   accepted   kinds that change something: the record was read back with the lease still its own
 *   acting     the clocks were compared once more, in the same turn, and the action was called
 *   recorded   `StepCompleted` is in the log
 *
 * A step that is announced and does not act is recorded as `not-applied`, behind the caller's back where need be, so
 * that it does not look like an open one. A lost lease records nothing more: recovery finds the step open.
 */
export class StepRunner<T> {
  readonly #context: WorkerContext;
  readonly #session: LeaseSession;
  readonly #step: CheckedStep;
  readonly #action: StepAction<T>;
  readonly #stepId: string;
  #note: ReturnType<typeof checkNote> = { url: null, screenshot: null };

  /** Takes a place in the lease, or throws why there is none. */
  constructor(context: WorkerContext, session: LeaseSession, step: CheckedStep, action: StepAction<T>) {
    this.#context = context;
    this.#session = session;
    this.#step = step;
    this.#action = action;
    this.#stepId = session.enterStep(step.inShutdown);
  }

  async run(): Promise<T> {
    const session = this.#session;
    try {
      await this.#untilActive();
    } catch (error) {
      // Before it leaves: a release that waits for it judges by this.
      session.anyStepFailed = true;
      session.leaveStep(this.#stepId);
      throw error;
    }
    try {
      await this.#announce();
      await this.#untilAccepted();
      while (!session.canAct()) await this.#untilActive();
    } catch (error) {
      session.anyStepFailed = true;
      void this.#record('not-applied')
        .catch((failure: unknown) => this.#unrecorded(failure))
        .then(() => session.leaveStep(this.#stepId));
      throw error;
    }
    // No await between the last look at the clocks and the action.
    return this.#act().finally(() => session.leaveStep(this.#stepId));
  }

  #endReason(): WorkerError | null {
    return this.#session.endReason(this.#step.inShutdown);
  }

  async #untilActive(): Promise<void> {
    const session = this.#session;
    // Every round ends with a lease that is active, lost or released; pauseMaxMs bounds the pause between.
    for (;;) {
      const reason = this.#endReason();
      if (reason !== null) throw reason;
      if (session.canAct()) return;
      if (this.#step.whenPaused === 'reject') throw new WorkerError('lease-paused', this.#step.name);
      await session.watch.until(
        () => session.canAct() || this.#endReason() !== null,
        this.#context.settings.pauseMaxMs,
      );
    }
  }

  async #announce(): Promise<void> {
    const { name, kind, repeatable, final, url, proxyId, screenshot } = this.#step;
    const { token } = this.#session.grant;
    const stepId = this.#stepId;
    const event: EventOf<'StepStarted'> = {
      type: 'StepStarted',
      token,
      stepId,
      name,
      kind,
      repeatable,
      final,
      url,
      proxyId,
      screenshot,
    };
    const { clock, settings } = this.#context;
    const { lossSignal } = this.#session;
    let sent;
    try {
      sent = await within(this.#report(event), clock, settings.pauseMaxMs, lossSignal);
    } catch (cause) {
      throw this.#endReason() ?? new WorkerError('step-not-started', detailOf(cause), { cause });
    }
    if (sent === undefined) throw this.#endReason() ?? new WorkerError('step-not-started', name);
  }

  async #untilAccepted(): Promise<void> {
    if (this.#step.kind === 'read' || this.#step.kind === 'reversible') return;
    const session = this.#session;
    const isReadBack = (): boolean => session.steps.isReadBack(this.#stepId);
    // A record that is in the log comes back, or the heartbeats behind it do not either: then the lease ends first.
    const limitMs = session.grant.leaseMs + this.#context.settings.pauseMaxMs;
    await session.watch.until(() => isReadBack() || this.#endReason() !== null, limitMs);
    const reason = this.#endReason();
    if (reason !== null) throw reason;
    if (!isReadBack()) throw new WorkerError('step-not-started', `${this.#step.name} was not read back`);
  }

  async #act(): Promise<T> {
    const { lossSignal, sealSignal } = this.#session;
    let value: T;
    try {
      value = await this.#action({
        signal: AbortSignal.any([lossSignal, sealSignal]),
        note: (note) => {
          this.#note = checkNote(note, this.#context.settings.secretUrlPaths);
        },
      });
    } catch (error) {
      this.#session.anyStepFailed = true;
      // The action's own error says more than a second one about its record.
      await this.#record(outcomeOf(error, this.#step.kind)).catch((failure: unknown) =>
        this.#unrecorded(failure),
      );
      throw this.#lostWith(error) ?? error;
    }
    try {
      await this.#record('ok');
    } catch (failure) {
      this.#session.anyStepFailed = true;
      this.#unrecorded(failure);
      throw (
        this.#lostWith(failure) ??
        new WorkerError('step-unrecorded', `${this.#step.name}: ${detailOf(failure)}`, { cause: failure })
      );
    }
    return value;
  }

  /**
   * Until it is in the log, or the lease is lost or given back, or pauseMaxMs have passed: a broker outage must not
   * turn a step that ended into an open one. Repeats carry the same id.
   */
  async #record(outcome: StepOutcome): Promise<void> {
    const { clock, settings } = this.#context;
    const { lossSignal, sealSignal, grant } = this.#session;
    const over = AbortSignal.any([lossSignal, sealSignal]);
    const until = clock.now() + settings.pauseMaxMs;
    const event = keyedEvent(this.#context, this.#session.profileId, {
      type: 'StepCompleted',
      token: grant.token,
      stepId: this.#stepId,
      outcome,
      checkpoint: outcome === 'ok' ? this.#step.checkpoint : null,
      ...this.#note,
    });
    for (let tries = 0; ; tries += 1) {
      const left = until - clock.now();
      try {
        if ((await within(this.#session.report(event), clock, left, over)) !== undefined) return;
        throw new Error('the log did not answer');
      } catch (error) {
        if (over.aborted || clock.now() >= until) throw error;
        await clock.sleep(Math.min(left, MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(tries, 10)), over);
      }
    }
  }

  #report(event: EventOf<'StepStarted'>): Promise<void> {
    return this.#session.report(keyedEvent(this.#context, this.#session.profileId, event));
  }

  #lostWith(cause: unknown): LeaseLostError | null {
    const { loss: reason, profileId, grant } = this.#session;
    if (reason === null) return null;
    const detail = `${this.#step.name} ended after the lease was lost, ${detailOf(reason)}`;
    return new LeaseLostError(profileId, grant.token, reason.lossCause, detail, { cause });
  }

  #unrecorded(failure: unknown): void {
    const { profileId, loss } = this.#session;
    // Nothing else was to be expected, and the loss has been told already.
    if (loss !== null) return;
    const detail = detailOf(failure);
    this.#context.settings.notice({ type: 'step-unrecorded', profileId, stepId: this.#stepId, detail });
  }
}

/**
 * What an action that threw has done. A read cannot have changed anything. A reversible step may have, half; said
 * openly, since it keeps no profile from being resumed. Of everything else nobody knows, unless the action does.
 */
function outcomeOf(error: unknown, kind: CheckedStep['kind']): StepOutcome {
  return error instanceof NotApplied || kind === 'read' ? 'not-applied' : 'unknown';
}
