/** What a fleet process is started with. */
export interface FleetOrders {
  readonly name: string;
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly topic: string;
  readonly partitionCount: number;
  readonly hostId: string;
  readonly heartbeatEveryMs: number;
  readonly marginMs: number;
  readonly profileIds: readonly string[];
  /** Leases that it wants to hold at a time. */
  readonly concurrency: number;
  /** Ms that a lease is kept. */
  readonly holdMs: number;
}

export type FleetOrder = 'finish';

/** What a fleet tells when it is asked to finish, and every second. */
export interface FleetWord {
  readonly granted: number;
  readonly denied: number;
  readonly released: number;
  readonly lost: number;
  readonly failed: number;
  /** Longest wait for an answer, ms. */
  readonly slowestMs: number;
  readonly lastError: string | null;
  readonly isFinished: boolean;
}
