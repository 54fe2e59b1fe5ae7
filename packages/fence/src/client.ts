/**
 * What the fence needs of a database client: a `pg` `Client`, or the client a `Pool` hands out with `connect()`.
 * Described by shape, so that this package brings no `pg` of its own.
 */
export interface FenceClient {
  query(text: string, values?: unknown[]): Promise<FenceResult>;
  /**
   * 'I' outside a transaction, 'T' inside, 'E' inside an aborted one; null before the first query. Where a driver
   * lacks it, `require` and `try` ask the database instead, which costs one more round trip.
   */
  getTransactionStatus?(): string | null;
}

export interface FenceResult {
  readonly rows: readonly unknown[];
  /** The command as the database has carried it out: COMMIT in an aborted transaction is answered by ROLLBACK. */
  readonly command?: string;
}

export interface FencePoolClient extends FenceClient {
  /** Gives the client back; `true` closes its connection instead. */
  release(destroy?: boolean): void;
  /** `pg` tells of a connection that breaks here too, besides the query under way; unheard, it ends the process. */
  on?(event: 'error', listener: () => void): unknown;
  off?(event: 'error', listener: () => void): unknown;
}

/** What `transaction` needs of a pool: a `pg` `Pool`. */
export interface FencePool {
  connect(): Promise<FencePoolClient>;
}

/** The client that the pool hands out, with all that its driver offers. `pg` declares `connect` twice. */
export type ClientOf<P extends FencePool> = P['connect'] extends {
  (): Promise<infer C extends FencePoolClient>;
  (callback: never): unknown;
}
  ? C
  : Awaited<ReturnType<P['connect']>>;

/** A pool runs each query on any of its connections: a lock taken through it protects nothing. */
export const isPool = (client: object): boolean =>
  'totalCount' in client || 'idleCount' in client || 'waitingCount' in client;
