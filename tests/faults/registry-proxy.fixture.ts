import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  /** Below the base of the API, such as `/schemas/ids/7`. */
  readonly path: string;
}

/**
 * The way to the registry: *whole* ⇄ *gone* (connections are reset) or *hanging* (calls are taken, nothing answers);
 * single schemas may be *forgotten* beside that. `heal` ends all of it. It keeps what was asked.
 */
export class RegistryProxy implements AsyncDisposable {
  readonly #target: URL;
  readonly #server: Server;
  readonly #forgotten = new Set<number>();
  readonly #hung = new Set<ServerResponse>();
  #asked: Asked[] = [];
  #way: 'whole' | 'gone' | 'hanging' = 'whole';

  private constructor(target: URL) {
    this.#target = target;
    this.#server = createServer((incoming, outgoing) => this.#pass(incoming, outgoing));
  }

  static async open(registryUrl: string): Promise<RegistryProxy> {
    const proxy = new RegistryProxy(new URL(registryUrl));
    await new Promise<void>((resolve) => proxy.#server.listen(0, '127.0.0.1', resolve));
    return proxy;
  }

  get url(): string {
    const { port } = this.#server.address() as AddressInfo;
    return `http://127.0.0.1:${port}${this.#target.pathname}`;
  }

  get asked(): readonly Asked[] {
    return this.#asked;
  }

  forgetAsked(): void {
    this.#asked = [];
  }

  goAway(): void {
    this.#way = 'gone';
    this.#server.closeAllConnections();
  }

  hang(): void {
    this.#way = 'hanging';
  }

  /** The registry answers 404 for this id from now on. */
  forget(schemaId: number): void {
    this.#forgotten.add(schemaId);
  }

  heal(): void {
    this.#way = 'whole';
    this.#forgotten.clear();
    for (const response of this.#hung) response.destroy();
    this.#hung.clear();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.heal();
    this.#server.closeAllConnections();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #pass(incoming: IncomingMessage, outgoing: ServerResponse): void {
    const { method = 'GET', url = '/', headers } = incoming;
    const path = url.slice(this.#target.pathname.length);
    this.#asked.push({ method, path });
    if (this.#way === 'gone') {
      incoming.socket.resetAndDestroy();
      return;
    }
    if (this.#way === 'hanging') {
      this.#hung.add(outgoing);
      return;
    }
    if (this.#forgotten.has(Number(/^\/schemas\/ids\/(\d+)/.exec(path)?.[1]))) {
      outgoing.writeHead(404, { 'content-type': 'application/json' });
      outgoing.end(JSON.stringify({ error_code: 40403, message: 'Schema not found' }));
      return;
    }
    const { hostname, port, host } = this.#target;
    const forwarded = request(
      { hostname, port, method, path: url, headers: { ...headers, host } },
      (answer) => {
        outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(outgoing);
      },
    );
    // A registry that is not there: whoever asked sees its connection end, as without a proxy.
    forwarded.on('error', () => incoming.socket.destroy());
    incoming.pipe(forwarded);
  }
}
