import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface Health {
  readonly isReady: () => boolean;
  readonly details: () => unknown;
}

/** /livez, /readyz and /metrics of a service. */
export const healthServer = (health: Health, metrics: Registry): FastifyInstance => {
  const server = fastify({ logger: false });
  // A service that cannot go on ends its process, so whoever answers is alive.
  server.get('/livez', (_request, reply) => reply.send({ live: true }));
  server.get('/readyz', (_request, reply) => {
    const ready = health.isReady();
    return reply.code(ready ? 200 : 503).send({ ready, partitions: health.details() });
  });
  server.get('/metrics', async (_request, reply) => {
    const text = await metrics.metrics();
    return reply.type(metrics.contentType).send(text);
  });
  return server;
};
