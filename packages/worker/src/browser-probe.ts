import type { BrowserSource, ReportedBrowserState } from './browser-source.ts';
import type { OnNotice } from './notice.ts';
import { detailOf } from './errors.ts';
import type { WorkerClock } from './ports.ts';
import { within } from './watch.ts';

/** Asks the browser; `reachable` only if it has answered just now. */
export type AskBrowser = () => ReportedBrowserState | Promise<ReportedBrowserState>;

/** Closes the browser; true only if it was seen to end. */
export type CloseBrowser = () => boolean | Promise<boolean>;

const STATES: ReadonlySet<unknown> = new Set<ReportedBrowserState>([
  'starting',
  'reachable',
  'unreachable',
  'closed',
]);

/** A call of the hook. */
interface Closing {
  /** When it was called. */
  readonly source: BrowserSource;
  /** Whether it saw the browser end. */
  readonly seen: Promise<boolean>;
}

/**
 * What the heartbeats of a lease say about its browser, as far as the caller determines it, and how it is closed.
 *
 *   starting → asked      before every heartbeat, by callback or over the browser's own socket
 *   any → closed          the caller saw it end, or its hook closed it
 *   closed → asked        the caller has launched another one
 *
 * An answer that is wrong or an error counts as `unreachable`; while one answer of the callback is outstanding it is
 * not called again. The hook is called once for a browser, and what it answers holds for that browser alone: where the
 * caller has set another source or hook meanwhile, another browser may run.
 */
export class BrowserProbe {
  readonly #clock: WorkerClock;
  readonly #notice: OnNotice;
  readonly #changed: (source: BrowserSource) => void;
  #source: BrowserSource = { kind: 'state', state: 'starting' };
  #ask: AskBrowser = () => 'starting';
  #close: CloseBrowser | null = null;
  #needsMs = 0;
  #closing: Closing | null = null;
  /** Stands for the question that the present callback has not answered yet. */
  #outstanding: object | null = null;

  /** `changed` is told where heartbeats learn about the browser from now on. */
  constructor(clock: WorkerClock, notice: OnNotice, changed: (source: BrowserSource) => void) {
    this.#clock = clock;
    this.#notice = notice;
    this.#changed = changed;
  }

  get source(): BrowserSource {
    return this.#source;
  }

  askWith(ask: AskBrowser): void {
    this.#ask = ask;
    this.#outstanding = null;
    this.#from({ kind: 'callback' });
  }

  askAt(url: string): void {
    this.#from({ kind: 'endpoint', url });
  }

  /** `needsMs`: how long it may take at most. */
  closeWith(close: CloseBrowser, needsMs = 0): void {
    this.#close = close;
    this.#needsMs = needsMs;
    this.#closing = null;
  }

  closed(): void {
    this.#from({ kind: 'state', state: 'closed' });
  }

  /**
   * Closes the browser by the hook if it is not known to be closed. Resolves within the limit, or within what the hook
   * needs where that is more; never rejects.
   */
  async close(limitMs: number): Promise<'confirmed' | 'unconfirmed'> {
    if (this.#isClosed()) return 'confirmed';
    if (this.#close === null) return 'unconfirmed';
    const closing = (this.#closing ??= { source: this.#source, seen: this.#hook(this.#close) });
    const answer = await within(closing.seen, this.#clock, Math.max(limitMs, this.#needsMs));
    const isCurrent = closing === this.#closing && closing.source === this.#source;
    if (isCurrent && answer?.value === true) this.closed();
    return this.#isClosed() ? 'confirmed' : 'unconfirmed';
  }

  /** Never rejects; as slow as the callback. */
  async answer(): Promise<ReportedBrowserState> {
    if (this.#outstanding !== null) return 'unreachable';
    const question = (this.#outstanding = {});
    try {
      const state: unknown = await this.#ask();
      if (STATES.has(state)) return state as ReportedBrowserState;
      throw new Error(`${String(state)} is no browser state`);
    } catch (error) {
      this.#notice({ type: 'callback-failed', callback: 'browserState', detail: detailOf(error) });
      return 'unreachable';
    } finally {
      if (this.#outstanding === question) this.#outstanding = null;
    }
  }

  async #hook(close: CloseBrowser): Promise<boolean> {
    try {
      // Callers without types may return nothing, which is no word of an end.
      return ((await close()) as unknown) === true;
    } catch (error) {
      this.#notice({ type: 'callback-failed', callback: 'closeBrowserWith', detail: detailOf(error) });
      return false;
    }
  }

  #isClosed(): boolean {
    return this.#source.kind === 'state' && this.#source.state === 'closed';
  }

  #from(source: BrowserSource): void {
    this.#source = source;
    this.#changed(source);
  }
}
