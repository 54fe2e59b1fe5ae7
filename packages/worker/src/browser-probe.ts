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

/**
 * What the heartbeats of a lease say about its browser, as far as the caller determines it, and how it is closed.
 *
 *   starting → asked      before every heartbeat, by callback or over the browser's own socket
 *   any → closed          the caller saw it end, or its hook closed it
 *   closed → asked        the caller has launched another one
 *
 * An answer that is wrong or an error counts as `unreachable`; while one answer of the callback is outstanding it is
 * not called again. The hook is called once for a browser.
 */
export class BrowserProbe {
  readonly #clock: WorkerClock;
  readonly #notice: OnNotice;
  readonly #changed: (source: BrowserSource) => void;
  #source: BrowserSource = { kind: 'state', state: 'starting' };
  #ask: AskBrowser = () => 'starting';
  #close: CloseBrowser | null = null;
  #closing: Promise<boolean> | null = null;
  #outstanding = false;

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
    this.#from({ kind: 'callback' });
  }

  askAt(url: string): void {
    this.#from({ kind: 'endpoint', url });
  }

  closeWith(close: CloseBrowser): void {
    this.#close = close;
    this.#closing = null;
  }

  closed(): void {
    this.#from({ kind: 'state', state: 'closed' });
  }

  /** Closes the browser by the hook if it is not known to be closed. Resolves within the limit; never rejects. */
  async close(limitMs: number): Promise<'confirmed' | 'unconfirmed'> {
    if (this.#isClosed()) return 'confirmed';
    if (this.#close === null) return 'unconfirmed';
    this.#closing ??= this.#hook(this.#close);
    const seen = await within(this.#closing, this.#clock, limitMs);
    if (seen?.value === true) this.closed();
    return this.#isClosed() ? 'confirmed' : 'unconfirmed';
  }

  /** Never rejects; as slow as the callback. */
  async answer(): Promise<ReportedBrowserState> {
    if (this.#outstanding) return 'unreachable';
    this.#outstanding = true;
    try {
      const state: unknown = await this.#ask();
      if (STATES.has(state)) return state as ReportedBrowserState;
      throw new Error(`${String(state)} is no browser state`);
    } catch (error) {
      this.#notice({ type: 'callback-failed', callback: 'browserState', detail: detailOf(error) });
      return 'unreachable';
    } finally {
      this.#outstanding = false;
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
