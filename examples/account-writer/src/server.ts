import {
  FENCE_ERRORS,
  FenceUsageError,
  refusalOf,
  type Fence,
  type FenceRefusedError,
  type RefusalKind,
} from '@profile-warden/fence';
import Fastify, { type FastifyInstance, type FastifyReply } from 'fastify';
import type { Pool } from 'pg';

export interface AccountServerOptions {
  readonly pool: Pool;
  readonly fence: Fence;
  readonly logger?: boolean;
}

interface Posting {
  /** Token of the lease the caller works under. */
  readonly token: number;
  /** Offset of its grant, where the caller knows it: then a lease that is only just granted is waited for. */
  readonly seenOffset?: number;
  readonly amount: number;
}

/** The shape only; the bounds of a token are the fence's business. */
const POSTING = {
  type: 'object',
  required: ['token', 'amount'],
  additionalProperties: false,
  properties: {
    token: { type: 'integer', minimum: 1, maximum: 2 ** 52 - 1 },
    seenOffset: { type: 'integer', minimum: 0 },
    amount: { type: 'integer', minimum: -1_000_000, maximum: 1_000_000 },
  },
};

const STATUS: Readonly<Record<RefusalKind, number>> = {
  // The caller has lost the profile: what it wants to write is no longer its to write.
  stop: 409,
  // Nobody's fault, and over in a moment.
  retry: 503,
  'unknown-profile': 404,
  // A mistake of this service, which wrote without asking.
  unchecked: 500,
};

const ADD = 'update account set balance = balance + $2 where profile_id = $1 returning balance';

/** `POST /accounts/:profileId/postings` books an amount, in one transaction with the check of the caller's token. */
export function accountServer({ pool, fence, logger = false }: AccountServerOptions): FastifyInstance {
  const server = Fastify({
    logger,
    ajv: { customOptions: { coerceTypes: false } },
    // A profile id has up to 128 characters, each up to four bytes, each byte three characters in a URL.
    routerOptions: { maxParamLength: 128 * 4 * 3 },
  });

  server.post<{ Params: { profileId: string }; Body: Posting }>(
    '/accounts/:profileId/postings',
    { schema: { body: POSTING } },
    async ({ params: { profileId }, body: { amount, ...lease } }, reply) => {
      const balance = await fence.transaction(pool, { profileId, ...lease }, async (client) => {
        const { rows } = await client.query<{ balance: number }>(ADD, [profileId, amount]);
        return rows[0]?.balance;
      });
      if (balance === undefined)
        return reply
          .code(404)
          .send({ error: 'no-account', message: `${profileId} has a lease, but no account` });
      return { profileId, balance };
    },
  );

  server.setErrorHandler((error, request, reply) => {
    const refusal = refusalOf(error);
    if (refusal !== null) return refuse(reply, refusal);
    const { statusCode = 500, message } = error as { statusCode?: number; message?: string };
    if (isCallersMistake(error)) return reply.code(400).send({ error: 'bad-request', message });
    if (statusCode < 500) return reply.code(statusCode).send({ error: 'bad-request', message });
    request.log.error(error);
    return reply.code(500).send({ error: 'internal', message: 'The service has failed; its log says why.' });
  });

  return server;
}

/** An id, token or offset that nothing can have; other mistakes in using the fence are this service's own. */
const isCallersMistake = (error: unknown): boolean =>
  error instanceof FenceUsageError && FENCE_ERRORS[error.code].sqlState !== null;

function refuse(reply: FastifyReply, { kind, reason, message, knownToken }: FenceRefusedError): FastifyReply {
  if (kind === 'retry') void reply.header('retry-after', '1');
  return reply
    .code(STATUS[kind])
    .send({ error: kind, reason, knownToken, message, whatToDo: FENCE_ERRORS[kind].whatToDo });
}
