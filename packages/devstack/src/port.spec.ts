import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { expect, it } from 'vitest';
import { claimPort, freePort } from './port.ts';

it('refuses a port that another program listens on, and names both', async () => {
  const other = createServer().listen(0, '127.0.0.1');
  await once(other, 'listening');
  const { port } = other.address() as AddressInfo;
  await expect(claimPort('kafka', port)).rejects.toMatchObject({
    code: 'port-taken',
    message: expect.stringContaining(`Port ${port} on 127.0.0.1, wanted for kafka`) as string,
  });
  other.close();
  await once(other, 'close');
  await expect(claimPort('kafka', port)).resolves.toBe(port);
});

it('hands out free ports below the ephemeral range, each once', async () => {
  const ports = await Promise.all(Array.from({ length: 20 }, () => freePort()));
  expect(new Set(ports).size).toBe(20);
  for (const port of ports) expect(port).toBeLessThan(32_768);
});
