import { connect } from 'node:net';

const PROBE_BOUND_MS = 1_500;
const METADATA_API = 3;
const METADATA_VERSION = 1;
const CORRELATION_ID = 1;

/** A Metadata request that asks for no topic: its answer lists the brokers that are up and unfenced. */
function metadataRequest(): Buffer {
  const request = Buffer.alloc(4 + 14);
  request.writeInt32BE(14, 0);
  request.writeInt16BE(METADATA_API, 4);
  request.writeInt16BE(METADATA_VERSION, 6);
  request.writeInt32BE(CORRELATION_ID, 8);
  request.writeInt16BE(-1, 12); // no client id
  request.writeInt32BE(0, 14); // no topics
  return request;
}

/**
 * Whether a broker at this address serves clients. An open port is not enough: Kafka opens it before the broker
 * has joined its cluster.
 */
export function kafkaAnswers(port: number, host = '127.0.0.1'): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host, timeout: PROBE_BOUND_MS });
    const chunks: Buffer[] = [];
    const settle = (answer: boolean): void => {
      socket.destroy();
      resolve(answer);
    };
    socket.once('connect', () => socket.write(metadataRequest()));
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      const answer = Buffer.concat(chunks);
      // size, correlation id, number of brokers
      if (answer.length >= 12) settle(answer.readInt32BE(8) > 0);
    });
    for (const event of ['error', 'timeout', 'close']) socket.once(event, () => settle(false));
  });
}
