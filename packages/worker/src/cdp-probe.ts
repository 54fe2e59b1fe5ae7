import type { ReportedBrowserState } from './browser-source.ts';

/**
 * Asks a browser over its own CDP socket whether it still answers.
 *
 * closed → (first question) connecting → open → (lost, refused or closed by the browser) closed. A question that finds
 * the socket closed connects anew, so a browser that hung for a while is found again.
 */
export class CdpProbe {
  readonly #url: string;
  #socket: WebSocket | null = null;
  #asked = 0;
  #settle: ((state: ReportedBrowserState) => void) | null = null;

  /** `url`: the browser's `webSocketDebuggerUrl`, `ws://` on a local address as a rule. */
  constructor(url: string) {
    this.#url = url;
  }

  /** Resolves with `reachable` after a round trip, with `unreachable` as soon as there is no socket. One at a time. */
  ask(): Promise<ReportedBrowserState> {
    this.#settle?.('unreachable');
    this.#asked += 1;
    const question = JSON.stringify({ id: this.#asked, method: 'Browser.getVersion' });
    return new Promise((resolve) => {
      this.#settle = resolve;
      try {
        const socket = (this.#socket ??= this.#connect());
        if (socket.readyState === WebSocket.OPEN) socket.send(question);
        else socket.addEventListener('open', () => socket.send(question), { once: true });
      } catch {
        this.#lost();
      }
    });
  }

  close(): void {
    this.#socket?.close();
    this.#lost();
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url);
    const gone = (): void => {
      if (this.#socket === socket) this.#lost();
    };
    socket.addEventListener('close', gone);
    socket.addEventListener('error', gone);
    socket.addEventListener('message', ({ data }) => {
      if (this.#socket === socket && idOf(data) === this.#asked) this.#answer('reachable');
    });
    return socket;
  }

  #lost(): void {
    this.#socket = null;
    this.#answer('unreachable');
  }

  #answer(state: ReportedBrowserState): void {
    this.#settle?.(state);
    this.#settle = null;
  }
}

function idOf(data: unknown): unknown {
  try {
    return typeof data === 'string' ? (JSON.parse(data) as { id?: unknown }).id : undefined;
  } catch {
    return undefined;
  }
}
