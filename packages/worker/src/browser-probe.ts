import type { BrowserState } from '@profile-warden/events';
import type { OnNotice } from './notice.ts';
import { detailOf } from './errors.ts';
import type { WorkerClock } from './ports.ts';
import { within } from './watch.ts';

/** What a browser can be reported as. */
export type ReportedBrowserState = Exclude<BrowserState, 'UNKNOWN'>;

/** Asks the browser; `reachable` only if it has answered just now. */
export type AskBrowser = () => ReportedBrowserState | Promise<ReportedBrowserState>;

const STATES: ReadonlySet<unknown> = new Set<ReportedBrowserState>([
  'starting',
  'reachable',
  'unreachable',
  'closed',
]);

/**
 * What the next heartbeat says about the browser.
 *
 * starting (nobody asks yet) → asked before every heartbeat → closed (the caller saw it end, for good). An answer that
 * is late, wrong or an error counts as `unreachable`; while one answer is outstanding no second one is asked for.
 */
export class BrowserProbe {
  readonly #clock: WorkerClock;
  readonly #limitMs: number;
  readonly #notice: OnNotice;
  #ask: AskBrowser | null = null;
  #outstanding = false;
  #closed = false;

  constructor(clock: WorkerClock, limitMs: number, notice: OnNotice) {
    this.#clock = clock;
    this.#limitMs = limitMs;
    this.#notice = notice;
  }

  askWith(ask: AskBrowser): void {
    this.#ask = ask;
  }

  closed(): void {
    this.#closed = true;
  }

  /** What that amounts to in a release. */
  get closedAsRecorded(): 'confirmed' | 'unconfirmed' {
    return this.#closed ? 'confirmed' : 'unconfirmed';
  }

  /** Resolves within the limit; never rejects. */
  async state(): Promise<ReportedBrowserState> {
    if (this.#closed) return 'closed';
    if (this.#ask === null) return 'starting';
    if (this.#outstanding) return 'unreachable';
    const answer = await within(this.#answer(this.#ask), this.#clock, this.#limitMs);
    return answer?.value ?? 'unreachable';
  }

  async #answer(ask: AskBrowser): Promise<ReportedBrowserState> {
    this.#outstanding = true;
    try {
      const state: unknown = await ask();
      if (STATES.has(state)) return state as ReportedBrowserState;
      throw new Error(`${String(state)} is no browser state`);
    } catch (error) {
      this.#notice({ type: 'callback-failed', callback: 'browserState', detail: detailOf(error) });
      return 'unreachable';
    } finally {
      this.#outstanding = false;
    }
  }
}
