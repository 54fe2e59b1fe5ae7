import { connect, type Socket } from 'node:net';
import type { ISocketFactory } from 'kafkajs';

export const PRODUCE = 0;
export const END_TXN = 26;
const API_KEY_AT = 4;

/**
 * Sockets that can lose an answer: the broker has done what it was asked, its answer never arrives and the
 * connection breaks. That is the one fault that tells a safe writer from an unsafe one.
 */
export function lossySockets(): {
  factory: ISocketFactory;
  loseNextAnswerTo(apiKey: number): void;
  lost(): number;
} {
  let armed: number | undefined;
  let lost = 0;
  const watch = (socket: Socket): Socket => {
    let isLosing = false;
    const write: (...args: never[]) => boolean = socket.write.bind(socket);
    const emit: (...args: never[]) => boolean = socket.emit.bind(socket);
    socket.write = (...args: unknown[]) => {
      const [data] = args;
      if (Buffer.isBuffer(data) && data.length > API_KEY_AT + 2 && data.readInt16BE(API_KEY_AT) === armed) {
        armed = undefined;
        isLosing = true;
      }
      return write(...(args as never[]));
    };
    socket.emit = ((...args: unknown[]) => {
      if (!isLosing || args[0] !== 'data') return emit(...(args as never[]));
      isLosing = false;
      lost += 1;
      socket.destroy(new Error('answer lost'));
      return true;
    }) as Socket['emit'];
    return socket;
  };
  return {
    factory: ({ host, port, onConnect }) =>
      watch(connect({ host, port }, onConnect).setKeepAlive(true, 60_000)),
    loseNextAnswerTo: (apiKey) => {
      armed = apiKey;
    },
    lost: () => lost,
  };
}
