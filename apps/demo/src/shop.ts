import { createServer, type Server } from 'node:http';

/** A shop with a login, a cart and a checkout that never answers: what a worker does not live to see. */
export class Shop {
  readonly #server: Server;

  constructor() {
    this.#server = createServer((request, response) => {
      if (request.url?.startsWith('/checkout') === true) return;
      response.setHeader('content-type', 'text/html');
      if (request.url?.startsWith('/login') === true)
        response.setHeader('set-cookie', 'session=demo; Max-Age=86400; HttpOnly');
      response.end(`<!doctype html><title>Shop</title><h1>${request.url === '/' ? 'Shop' : 'Welcome'}</h1>`);
    });
  }

  async open(): Promise<string> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    if (address === null || typeof address === 'string') throw new Error('the shop has no port');
    return `http://127.0.0.1:${address.port}`;
  }

  close(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close(() => resolve());
      this.#server.closeAllConnections();
    });
  }
}
