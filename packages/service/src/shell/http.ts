import fastify, { type FastifyInstance } from 'fastify';
import type { Registry } from 'prom-client';

export interface Health {
  /** What has stopped moving; empty: the service is alive. */
  readonly stalls: () => readonly string[];
  readonly isReady: () => boolean;
  readonly details: () => unknown;
  readonly states: () => readonly FoldedState[];
}

/** What has been folded of one partition: services that stand at the same offset must have the same hash. */
export interface FoldedState {
  readonly partition: number;
  readonly nextOffset: number;
  /** SHA-256 of the whole state in its canonical form. */
  readonly hash: string;
}

/** /livez, /readyz, /state and /metrics of a service. */
export const healthServer = (health: Health, metrics: Registry): FastifyInstance => {
  const server = fastify({ logger: false });
  server.get('/livez', (_request, reply) => {
    const stalls = health.stalls();
    return reply.code(stalls.length === 0 ? 200 : 503).send({ live: stalls.length === 0, stalls });
  });
  server.get('/readyz', (_request, reply) => {
    const ready = health.isReady();
    return reply.code(ready ? 200 : 503).send({ ready, partitions: health.details() });
  });
  // Hashes every profile in hand: for comparing services, not for probes.
  server.get('/state', (_request, reply) => reply.send({ partitions: health.states() }));
  server.get('/metrics', async (_request, reply) => {
    const text = await metrics.metrics();
    return reply.type(metrics.contentType).send(text);
  });
  return server;
};
