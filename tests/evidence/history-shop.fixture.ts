import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What the page of a login leaves behind in the profile. */
export const SESSION_COOKIE = 'session';
/** Pages below it never come. */
export const NEVER = '/never';

/** A site on this machine: its pages have their path as title, and a login sets a cookie that outlives the browser. */
export class HistoryShop implements AsyncDisposable {
  readonly #server: Server;

  constructor() {
    this.#server = createServer(({ url = '/' }, response) => {
      if (url.startsWith(NEVER)) return;
      response.setHeader('content-type', 'text/html');
      if (url === '/login')
        response.setHeader('set-cookie', `${SESSION_COOKIE}=kept; Max-Age=86400; HttpOnly`);
      response.end(`<!doctype html><title>${url}</title><h1>${url}</h1>`);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
