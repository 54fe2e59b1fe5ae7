import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { until } from './browser.fixture.ts';
import type { Secrets } from './secret-messages.fixture.ts';

/** A site whose pages, cookies and form hold secrets. */
export class SecretSite {
  readonly #server: Server;
  readonly #visited: string[] = [];
  posted = '';

  constructor({ cookie, pageText }: Secrets) {
    const page = `<!doctype html><title>${pageText}</title><p>${pageText}</p>
      <form method="post" action="/login"><input name="password" type="password" autofocus></form>
      <script>localStorage.setItem('text', '${pageText}')</script>`;
    this.#server = createServer((request, response) => {
      this.#visited.push(request.url ?? '');
      response.setHeader('set-cookie', `session=${cookie}; Max-Age=86400; Path=/`);
      response.setHeader('content-type', 'text/html');
      if (request.method === 'POST')
        void text(request).then((body) => (this.posted = decodeURIComponent(body)));
      response.end(page);
    });
  }

  async open(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
  }

  /** Host and port. */
  get place(): string {
    return `127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Waits until a browser has asked for such a page. */
  visited(part: string): Promise<void> {
    return until(() => this.#visited.some((path) => path.includes(part)), `a visit of ${part}`);
  }
}
