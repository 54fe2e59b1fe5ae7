import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, describe, expect, it } from 'vitest';
import { freePort } from '@profile-warden/devstack';
import { API_KEYS, KafkaProxy, type ApiName } from './index.ts';
import { Frames, requestHead } from './frames.ts';

const request = (api: ApiName, correlationId: number, clientId = 'c1', body = ''): Buffer => {
  const id = Buffer.from(clientId);
  const head = Buffer.alloc(14);
  head.writeInt16BE(API_KEYS[api], 4);
  head.writeInt32BE(correlationId, 8);
  head.writeInt16BE(id.length, 12);
  const frame = Buffer.concat([head, id, Buffer.from(body)]);
  frame.writeInt32BE(frame.length - 4, 0);
  return frame;
};

const open: AsyncDisposable[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one[Symbol.asyncDispose]();
});

/** A broker that answers each request with its correlation id, and a client of the proxy before it. */
const world = async () => {
  const arrived: number[] = [];
  const sockets: Socket[] = [];
  const broker = createServer((socket) => {
    sockets.push(socket);
    const frames = new Frames();
    socket.on('error', () => undefined);
    socket.on('data', (chunk: Buffer) => {
      for (const frame of frames.take(chunk)) {
        const { correlationId } = requestHead(frame);
        arrived.push(correlationId);
        const answer = Buffer.alloc(8);
        answer.writeInt32BE(4, 0);
        answer.writeInt32BE(correlationId, 4);
        socket.write(answer);
      }
    });
  }).listen(0, '127.0.0.1');
  await once(broker, 'listening');
  const port = await freePort();
  const proxy = await KafkaProxy.open(
    { host: '127.0.0.1', port: (broker.address() as AddressInfo).port },
    port,
  );
  open.push({
    [Symbol.asyncDispose]: async () => {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => broker.close(resolve));
    },
  });
  open.push(proxy);
  return { arrived, proxy, client: () => clientOf(port) };
};

const clientOf = async (port: number) => {
  const socket = connect({ port, host: '127.0.0.1' });
  const answered: number[] = [];
  const frames = new Frames();
  socket.on('error', () => undefined);
  socket.on('data', (chunk: Buffer) => {
    for (const frame of frames.take(chunk)) answered.push(frame.readInt32BE(4));
  });
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await Promise.race([new Promise<void>((resolve) => socket.once('connect', resolve)), closed]);
  return { socket, answered, closed, send: (...all: Buffer[]) => void socket.write(Buffer.concat(all)) };
};

const until = async (isTrue: () => boolean): Promise<void> => {
  for (let tries = 0; tries < 500 && !isTrue(); tries += 1) await sleep(4);
  expect(isTrue()).toBe(true);
};

describe('a proxy before a broker', () => {
  it('passes what no rule meets, however the stream is cut', async () => {
    const { proxy, client, arrived } = await world();
    proxy.set({ apis: ['EndTxn'], way: 'request', fate: { kind: 'drop' } });
    const { socket, answered } = await client();
    for (const byte of request('Produce', 7)) socket.write(Buffer.from([byte]));
    socket.write(Buffer.concat([request('Fetch', 8), request('Fetch', 9)]));
    await until(() => answered.length === 3);
    expect([arrived, answered]).toEqual([
      [7, 8, 9],
      [7, 8, 9],
    ]);
  });

  it('loses a request or a response as often as it is told, and nothing behind it', async () => {
    const { proxy, client, arrived } = await world();
    proxy.set({ apis: ['Produce'], way: 'request', fate: { kind: 'drop' }, times: 1 });
    const lost = proxy.set({ apis: ['EndTxn'], way: 'response', fate: { kind: 'drop' }, times: 1 });
    const { send, answered } = await client();
    send(request('Produce', 1), request('Produce', 2), request('EndTxn', 3), request('EndTxn', 4));
    await lost.firstMet(2_000);
    await until(() => answered.length === 2);
    expect([arrived, answered, lost.met]).toEqual([[2, 3, 4], [2, 4], 1]);
  });

  it('holds a frame and what is behind it on that connection, until it is healed', async () => {
    const { proxy, client, arrived } = await world();
    const rule = proxy.set({ apis: ['Produce'], way: 'request', fate: { kind: 'hold' } });
    await expect(rule.firstMet(5)).rejects.toThrow('no request of Produce came by within 5 ms');
    const first = await client();
    first.send(request('Produce', 1), request('Fetch', 2));
    await rule.firstMet(2_000);
    const second = await client();
    second.send(request('Fetch', 3));
    await until(() => second.answered.length === 1);
    expect(arrived).toEqual([3]);
    proxy.heal();
    await until(() => first.answered.length === 2);
    expect(arrived).toEqual([3, 1, 2]);
  });

  it('delays', async () => {
    const { proxy, client } = await world();
    proxy.set({ apis: ['Fetch'], way: 'response', fate: { kind: 'delay', ms: 80 } });
    const { send, answered } = await client();
    const startMs = performance.now();
    send(request('Fetch', 1));
    await until(() => answered.length === 1);
    expect(performance.now() - startMs).toBeGreaterThanOrEqual(79);
  });

  it('meets the clients it is told, and only the frames it is told', async () => {
    const { proxy, client, arrived } = await world();
    proxy.set({ apis: ['Produce'], way: 'request', fate: { kind: 'drop' }, clientId: 'authority' });
    proxy.set({
      apis: ['Produce'],
      way: 'request',
      fate: { kind: 'drop' },
      when: (frame) => frame.includes('secret'),
    });
    const { send, answered } = await client();
    send(
      request('Produce', 1, 'lease-authority-0'),
      request('Produce', 2, 'detector', 'secret'),
      request('Produce', 3, 'detector'),
    );
    await until(() => answered.length === 1);
    expect(arrived).toEqual([3]);
  });

  it('cuts a connection in place of a frame', async () => {
    const { proxy, client, arrived } = await world();
    proxy.set({ apis: ['EndTxn'], way: 'response', fate: { kind: 'cut' }, times: 1 });
    const { send, answered, closed } = await client();
    send(request('EndTxn', 1));
    await closed;
    expect([arrived, answered]).toEqual([[1], []]);
  });

  it('lets nobody through while it is disconnected, and everybody once it is healed', async () => {
    const { proxy, client } = await world();
    const first = await client();
    proxy.disconnect();
    await first.closed;
    const second = await client();
    await second.closed;
    expect(proxy.connectionCount).toBe(0);
    proxy.heal();
    const third = await client();
    third.send(request('Fetch', 1));
    await until(() => third.answered.length === 1);
  });

  it('cuts a client that does not speak Kafka', async () => {
    const { client, arrived } = await world();
    const { socket, closed } = await client();
    socket.write('GET / HTTP/1.1\r\n\r\n');
    await closed;
    expect(arrived).toEqual([]);
  });
});
