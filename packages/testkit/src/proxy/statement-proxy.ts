import { once } from 'node:events';
import { createServer, connect, type AddressInfo, type Server, type Socket } from 'node:net';
import { endTogether } from './socket-pair.ts';
import { WireMessages } from './wire-messages.ts';

interface Order {
  readonly match: RegExp;
  readonly moment: 'before' | 'after';
  readonly act: () => void;
  readonly done: () => void;
  /** How many more times the statement is let through. */
  left: number;
}

/**
 * Stands before a PostgreSQL server and knows which statement each connection sends. Bytes pass as they are until an
 * order meets its statement: that connection is cut there, before the server has it or before the client has the answer.
 */
export class StatementProxy implements AsyncDisposable {
  /** The server as it is reached through here. */
  readonly url: string;
  readonly #server: Server;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #sockets = new Set<Socket>();
  #order: Order | null = null;

  static async open(url: string): Promise<StatementProxy> {
    const server = createServer();
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new StatementProxy(url, server);
  }

  private constructor(url: string, server: Server) {
    const through = new URL(url);
    this.#target = { host: through.hostname, port: Number(through.port || 5432) };
    through.hostname = '127.0.0.1';
    through.port = String((server.address() as AddressInfo).port);
    this.url = through.href;
    this.#server = server;
    server.on('connection', (client) => this.#join(client));
  }

  /**
   * At the next statement that matches, on whatever connection, calls `act` and lets nothing more through there:
   * `before` the server gets it, or `after` the server is through with it. Resolves then. One order at a time; `nth`
   * counts statements that match, from 1.
   */
  at(match: RegExp, moment: Order['moment'], act: () => void, nth = 1): Promise<void> {
    return new Promise((resolve) => {
      this.#order = { match, moment, act, done: resolve, left: nth - 1 };
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    this.#server.close();
    await once(this.#server, 'close');
  }

  #join(client: Socket): void {
    const server = connect(this.#target);
    const sent = new WireMessages('client');
    const answered = new WireMessages('server');
    let awaited: Order | null = null;
    const cut = ({ act, done }: Order): void => {
      act();
      for (const socket of [client, server]) socket.destroy();
      done();
    };
    client.on('data', (bytes: Buffer) => {
      const statements = sent.take(bytes).flatMap(({ statement }) => statement ?? []);
      const order = this.#meet(statements);
      if (order?.moment === 'before') {
        cut(order);
        return;
      }
      awaited = order ?? awaited;
      server.write(bytes);
    });
    server.on('data', (bytes: Buffer) => {
      const isThrough = answered.take(bytes).some(({ type }) => type === 'Z');
      if (awaited !== null && isThrough) cut(awaited);
      else if (awaited === null) client.write(bytes);
    });
    endTogether(this.#sockets, client, server);
  }

  #meet(statements: readonly string[]): Order | null {
    const order = this.#order;
    if (order === null || !statements.some((statement) => order.match.test(statement.trim()))) return null;
    if (order.left > 0) {
      order.left -= 1;
      return null;
    }
    this.#order = null;
    return order;
  }
}
