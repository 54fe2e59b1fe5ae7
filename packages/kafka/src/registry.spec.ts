import { createServer as createHttpServer, type Server as HttpServer } from 'node:http';
import { createServer as createTcpServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { schemaOf } from '@profile-warden/events';
import { SchemaRegistryClient } from './registry.ts';
import { registryError } from './registry-error.ts';

describe('the registry client', () => {
  const open: (Server | HttpServer)[] = [];
  const sockets: Socket[] = [];
  afterEach(() => {
    for (const socket of sockets.splice(0)) socket.destroy();
    for (const server of open.splice(0)) server.close();
  });

  async function urlOf(server: Server | HttpServer): Promise<string> {
    open.push(server);
    server.on('connection', (socket: Socket) => sockets.push(socket));
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  }

  it('gives up on a registry that takes the call and never answers, each time anew', async () => {
    const url = await urlOf(createTcpServer(() => undefined));
    const registry = new SchemaRegistryClient({ url });
    for (let round = 0; round < 2; round += 1) {
      const begun = performance.now();
      await expect(registry.schemaById(1)).rejects.toMatchObject({
        code: 'registry-timeout',
        isTransient: true,
      });
      expect(performance.now() - begun).toBeLessThan(2_400);
    }
    expect(sockets).toHaveLength(2);
    registry.close();
  });

  it('takes a registry that is away as something that may pass, and a service waits for it in bounds', async () => {
    const registry = new SchemaRegistryClient({ url: 'http://127.0.0.1:1' });
    const begun = performance.now();
    await expect(registry.schemaById(1)).rejects.toMatchObject({
      code: 'registry-unreachable',
      isTransient: true,
    });
    expect(performance.now() - begun).toBeLessThan(2_400);
    await expect(registry.schemaIds(500)).rejects.toMatchObject({ code: 'registry-unreachable' });
    registry.close();
  });

  it('asks for an unknown id once in thirty seconds, and again after that', async () => {
    let asked = 0;
    let nowMs = 0;
    const url = await urlOf(
      createHttpServer((_, response) => {
        asked += 1;
        response.writeHead(asked > 1 ? 200 : 404, { 'content-type': 'application/json' });
        const found = { schema: JSON.stringify(schemaOf('Heartbeat')) };
        response.end(JSON.stringify(asked > 1 ? found : { error_code: 40403, message: 'Schema not found' }));
      }),
    );
    const registry = new SchemaRegistryClient({ url, now: () => nowMs });
    for (let round = 0; round < 5; round += 1)
      await expect(registry.schemaById(7)).rejects.toMatchObject({ code: 'schema-missing' });
    expect(asked).toBe(1);
    nowMs = 30_001;
    expect((await registry.schemaById(7)).name).toContain('Heartbeat');
    expect(asked).toBe(2);
    registry.close();
  });

  it('waits for another deploy step that has made a subject and not yet held it to anything, in bounds', async () => {
    let asked = 0;
    let setAfter = 3;
    const url = await urlOf(
      createHttpServer((request, response) => {
        response.setHeader('content-type', 'application/json');
        if (request.url?.startsWith('/config') !== true) {
          response.end(JSON.stringify({ id: 7 }));
          return;
        }
        asked += 1;
        response.end(JSON.stringify({ compatibilityLevel: asked < setAfter ? 'NONE' : 'FULL_TRANSITIVE' }));
      }),
    );
    const registry = new SchemaRegistryClient({ url });
    await expect(registry.register('one', schemaOf('Heartbeat'))).resolves.toBe(7);
    expect(asked).toBe(3);
    setAfter = Infinity;
    await expect(registry.register('two', schemaOf('Heartbeat'))).rejects.toMatchObject({
      code: 'registry-compatibility',
    });
    expect(asked).toBe(3 + 9);
    registry.close();
  });

  it('tells what may pass from what will not', () => {
    const code = (message: string, extra: object = {}): string =>
      registryError('x', 'url', Object.assign(new Error(message), extra)).code;
    expect(code('connect ECONNREFUSED 127.0.0.1:1', { status: 400 })).toBe('registry-unreachable');
    expect(code('socket hang up', { status: 400 })).toBe('registry-unreachable');
    expect(code('Internal Server Error', { status: 503 })).toBe('registry-unreachable');
    expect(code('Too many', { status: 429 })).toBe('registry-unreachable');
    expect(code('Subject not found', { status: 404 })).toBe('schema-missing');
    expect(code('incompatible with an earlier schema', { status: 409 })).toBe('schema-incompatible');
    expect(code('Bad request', { status: 400 })).toBe('registry-refused');
    expect(code('x', { name: 'ConfluentSchemaRegistryCompatibilityError' })).toBe('registry-compatibility');
  });
});
