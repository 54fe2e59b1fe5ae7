import type { ReleaseOutcome } from '@profile-warden/events';
import { detailOf } from './errors.ts';
import { checkOneOf } from './input-check.ts';
import type { LeaseSession } from './lease-session.ts';
import { within } from './watch.ts';
import { keyedEvent } from './worker-context.ts';
import type { WorkerContext } from './worker-context.ts';

/** How a lease is given back. */
export interface ReleaseOptions {
  /**
   * How the task ended. `completed` means that it must not be run again. `unknown` sends the profile into recovery.
   * Default, judged when the release goes out: `completed` if no step has rejected or still runs, else `failed`. A step
   * that rejected counts although it was called again, one that was refused for `invalid-input` does not. Steps that
   * were never called are not known: say `failed` where the task ends between two steps.
   */
  readonly outcome?: Exclude<ReleaseOutcome, 'UNKNOWN'>;
  /**
   * `confirmed` only if the browser was seen to end; `unconfirmed` sends the profile into recovery. Default: as recorded
   * by `browserClosed` or `withBrowserProfile`; a browser that still runs is closed by the `closeBrowserWith` hook first.
   */
  readonly browserClosed?: 'confirmed' | 'unconfirmed';
}

/**
 * What became of the lease: `released`, the profile is free; `quarantined`, it is being recovered; `unknown`, the log
 * did not answer in time. There is nothing left to do for the worker in any of these cases.
 */
export interface ReleaseResult {
  readonly ended: 'released' | 'quarantined' | 'unknown';
}

const FIRST_RETRY_MS = 200;
const MAX_RETRY_MS = 2_000;
/** The wait for the answer is bounded; this many tries fit into it at most. */
const MAX_TRIES = 16;

export interface CheckedRelease {
  /** Null: to be judged by the steps, when nothing more may come of them. */
  readonly outcome: Exclude<ReleaseOutcome, 'UNKNOWN'> | null;
  /** Null: to be found out. */
  readonly browserClosed: 'confirmed' | 'unconfirmed' | null;
}

export function checkRelease(options: ReleaseOptions): CheckedRelease {
  return {
    outcome:
      options.outcome === undefined
        ? null
        : checkOneOf('outcome', options.outcome, ['completed', 'failed', 'cancelled', 'unknown']),
    browserClosed:
      options.browserClosed === undefined
        ? null
        : checkOneOf('browserClosed', options.browserClosed, ['confirmed', 'unconfirmed']),
  };
}

/**
 * Gives the lease back: lets running steps end, closes the browser, seals the lease, and appends `ReleaseRequested` as
 * the last that is heard under this token. Never rejects, since nobody could do anything about it.
 */
export async function releaseLease(
  context: WorkerContext,
  session: LeaseSession,
  { outcome: task, browserClosed: said }: CheckedRelease,
): Promise<ReleaseResult> {
  const { clock, settings } = context;
  session.beginRelease();
  await session.watch.until(() => session.steps.running === 0, settings.releaseTimeoutMs, session.lossSignal);
  const browserClosed = said ?? (await session.browser.close(settings.releaseTimeoutMs));
  const outcome = task ?? (session.anyStepFailed || session.steps.running > 0 ? 'failed' : 'completed');
  session.seal();
  // The log keeps the order of the calls, so what is under way comes before the release.
  const until = clock.now() + settings.releaseTimeoutMs;
  const left = (): number => until - clock.now();
  const { token } = session.grant;
  const event = keyedEvent(context, session.profileId, {
    type: 'ReleaseRequested',
    token,
    outcome,
    browserClosed,
  });
  const isOver = (): boolean => session.view.status === 'released' || session.view.status === 'lost';
  let detail = 'no answer';
  for (let tries = 0; tries < MAX_TRIES && left() > 0; tries += 1) {
    try {
      const sent = await within(context.line.append([event]), clock, left());
      if (sent !== undefined) break;
    } catch (error) {
      detail = detailOf(error);
      await clock.sleep(Math.min(left(), MAX_RETRY_MS, FIRST_RETRY_MS * 2 ** tries));
    }
  }
  await session.watch.until(isOver, left());
  session.end();
  const { status } = session.view;
  if (status === 'released') return { ended: 'released' };
  if (status === 'lost') return { ended: 'quarantined' };
  settings.notice({ type: 'release-unanswered', profileId: session.profileId, token, detail });
  return { ended: 'unknown' };
}
