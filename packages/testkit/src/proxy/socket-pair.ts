import type { Socket } from 'node:net';

/** Two sockets that end together, and are among `all` until then. */
export const endTogether = (all: Set<Socket>, one: Socket, other: Socket): void => {
  for (const [socket, partner] of [
    [one, other],
    [other, one],
  ] as const) {
    all.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => {
      all.delete(socket);
      partner.destroy();
    });
  }
};
