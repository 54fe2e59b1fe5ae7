/**
 * What the fence needs of a database client: a `pg` `Client`, or the client a `Pool` hands out with `connect()`.
 * Described by shape, so that this package brings no `pg` of its own.
 */
export interface FenceClient {
  query(text: string, values?: unknown[]): Promise<{ readonly rows: readonly unknown[] }>;
  /**
   * 'I' outside a transaction, 'T' inside, 'E' inside an aborted one. With a `pg` older than this method a call
   * outside a transaction is not noticed.
   */
  getTransactionStatus?(): string | null;
}

/** A pool runs each query on any of its connections: a lock taken through it protects nothing. */
export const isPool = (client: object): boolean =>
  'totalCount' in client || 'idleCount' in client || 'waitingCount' in client;
