import { createHash } from 'node:crypto';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';

const MAGIC = '258EAFA5-E914-47DA-95CA-C5AB0DC85B11';

/** Text of one masked frame below 64 KiB, as clients send them. */
function textOf(frame: Buffer): string {
  const isLong = ((frame[1] ?? 0) & 0x7f) === 126;
  const length = isLong ? frame.readUInt16BE(2) : (frame[1] ?? 0) & 0x7f;
  const at = isLong ? 4 : 2;
  const mask = frame.subarray(at, at + 4);
  const body = frame.subarray(at + 4, at + 4 + length);
  return Buffer.from(body.map((byte, index) => byte ^ (mask[index % 4] ?? 0))).toString('utf8');
}

function frameOf(text: string): Buffer {
  const body = Buffer.from(text);
  return Buffer.concat([Buffer.from([0x81, body.length]), body]);
}

/** The debugging socket of a browser: answers every question, or none while it hangs. */
export class CdpSocket implements AsyncDisposable {
  readonly questions: { readonly id: number; readonly method: string }[] = [];
  isHanging = false;
  readonly #server: Server;
  readonly #sockets = new Set<Duplex>();

  private constructor(server: Server) {
    this.#server = server;
    server.on('upgrade', (request, socket: Duplex) => {
      const key = createHash('sha1')
        .update(`${request.headers['sec-websocket-key'] ?? ''}${MAGIC}`)
        .digest('base64');
      socket.write(
        `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${key}\r\n\r\n`,
      );
      this.#sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => this.#sockets.delete(socket));
      socket.on('data', (frame: Buffer) => this.#asked(socket, frame));
    });
  }

  static async open(): Promise<CdpSocket> {
    const server = createServer();
    const socket = new CdpSocket(server);
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return socket;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/devtools/browser/1`;
  }

  answer(id: number): void {
    for (const socket of this.#sockets) socket.write(frameOf(JSON.stringify({ id, result: {} })));
  }

  /** As when the browser ends: every connection is lost. */
  drop(): void {
    for (const socket of this.#sockets) socket.destroy();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.drop();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  #asked(socket: Duplex, frame: Buffer): void {
    // Anything but text is the end of the connection.
    if (((frame[0] ?? 0) & 0x0f) !== 1) {
      socket.end();
      return;
    }
    const question = JSON.parse(textOf(frame)) as { id: number; method: string };
    this.questions.push(question);
    if (!this.isHanging) this.answer(question.id);
  }
}
