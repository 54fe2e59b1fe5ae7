import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface Health {
  /** Why the process should be ended and started anew; null while it makes progress. */
  readonly deadReason: () => string | null;
  readonly isReady: () => boolean;
  readonly details: () => unknown;
}

/** /livez, /readyz and /metrics of a service. */
export const healthServer = (health: Health, metrics: Registry): FastifyInstance => {
  const server = fastify({ logger: false });
  server.get('/livez', (_request, reply) => {
    const reason = health.deadReason();
    return reply.code(reason === null ? 200 : 503).send({ live: reason === null, reason });
  });
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
