import pg from 'pg';
import { TYPES } from './integers.ts';

export type { Pool, PoolClient } from 'pg';

export interface PoolOptions {
  /** Shown in pg_stat_activity, so that an operator knows whose session blocks. */
  readonly applicationName: string;
  /** Schema of unqualified names. Default: the server's search path. */
  readonly schema?: string;
  /** Connections at most. Default 8. */
  readonly maxConnections?: number;
  /** Longest a statement may take, in ms. Default 30,000. */
  readonly statementTimeoutMs?: number;
  /** Told when an idle connection breaks. The pool replaces it; nothing needs to be done. */
  readonly onIdleError?: (error: Error) => void;
}

const CONNECT_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
const IDLE_IN_TRANSACTION_MS = 30_000;

export function openPool(url: string, options: PoolOptions): pg.Pool {
  const statementTimeoutMs = options.statementTimeoutMs ?? STATEMENT_TIMEOUT_MS;
  const pool = new pg.Pool({
    connectionString: url,
    application_name: options.applicationName,
    max: options.maxConnections ?? 8,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    statement_timeout: statementTimeoutMs,
    // The server's bound does not help where the server cannot be reached any more.
    query_timeout: statementTimeoutMs + CONNECT_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_MS,
    keepAlive: true,
    types: TYPES,
    ...(options.schema !== undefined && { options: `-c search_path=${searchPath(options.schema)}` }),
  });
  // Without a listener the loss of an idle connection would end the process.
  pool.on('error', (error) => options.onIdleError?.(error));
  return pool;
}

/** Plain names only: they travel in a connection option, where quoting differs between poolers. */
function searchPath(schema: string): string {
  if (!/^[a-z_][a-z0-9_]{0,62}$/.test(schema))
    throw new RangeError(
      `schema ${JSON.stringify(schema)}: lower-case letters, digits and _ only, 63 at most`,
    );
  return schema;
}
