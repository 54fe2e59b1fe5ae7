import { randomInt } from 'node:crypto';
import { createServer } from 'node:net';
import { DevstackError } from './error.ts';

/**
 * Below the ephemeral range of Linux and macOS: there, an outgoing connection could take the port between the
 * choice and the start, and a client that reconnects to a stopped part could connect to itself.
 */
const FIRST_PORT = 20_000;
const LAST_PORT = 32_000;
const ATTEMPT_COUNT = 200;

/** Ports handed out by this process, so that two stacks that start at once do not choose the same one. */
const handedOut = new Set<number>();

function isFree(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen({ port, host: '127.0.0.1', exclusive: true }, () => server.close(() => resolve(true)));
  });
}

export async function freePort(): Promise<number> {
  for (let attempt = 0; attempt < ATTEMPT_COUNT; attempt++) {
    const port = randomInt(FIRST_PORT, LAST_PORT);
    if (handedOut.has(port)) continue;
    if (await isFree(port)) {
      handedOut.add(port);
      return port;
    }
  }
  throw new DevstackError(
    'port-taken',
    `No free port between ${FIRST_PORT} and ${LAST_PORT} on 127.0.0.1 after ${ATTEMPT_COUNT} attempts. ` +
      'Stop something that listens there, or name the ports yourself.',
  );
}

/** The wanted port if it is free, or any free one when none is wanted. */
export async function claimPort(part: string, wanted: number | undefined): Promise<number> {
  if (wanted === undefined || wanted === 0) return freePort();
  if (await isFree(wanted)) return wanted;
  throw portTaken(part, wanted);
}

export function portTaken(part: string, port: number): DevstackError {
  return new DevstackError(
    'port-taken',
    `Port ${port} on 127.0.0.1, wanted for ${part}, is taken by another program. ` +
      'Stop that program, or choose another port (or none: then a free one is taken).',
  );
}
