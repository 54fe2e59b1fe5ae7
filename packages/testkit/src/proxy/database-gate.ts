import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { endTogether } from './socket-pair.ts';

/** The way to a database: *open*, or *shut*, which cuts everybody off and refuses whoever comes. */
export class DatabaseGate implements AsyncDisposable {
  /** The database as it is reached through here, however often it is shut and opened. */
  readonly url: string;
  readonly #target: { readonly host: string; readonly port: number };
  readonly #port: number;
  readonly #sockets = new Set<Socket>();
  #server: Server;

  static async open(url: string): Promise<DatabaseGate> {
    const server = createServer();
    await listening(server, 0);
    return new DatabaseGate(url, server);
  }

  private constructor(url: string, server: Server) {
    const through = new URL(url);
    this.#target = { host: through.hostname, port: Number(through.port || 5432) };
    this.#port = (server.address() as AddressInfo).port;
    through.hostname = '127.0.0.1';
    through.port = String(this.#port);
    this.url = through.href;
    this.#server = server;
    this.#pass(server);
  }

  async shut(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }

  async reopen(): Promise<void> {
    this.#server = createServer();
    this.#pass(this.#server);
    await listening(this.#server, this.#port);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#server.listening) await this.shut();
  }

  #pass(server: Server): void {
    server.on('connection', (client) => {
      const database = connect(this.#target);
      client.pipe(database).pipe(client);
      endTogether(this.#sockets, client, database);
    });
  }
}

const listening = async (server: Server, port: number): Promise<void> => {
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
};
