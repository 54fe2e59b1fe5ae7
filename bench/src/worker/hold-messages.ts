export interface HoldOrders {
  readonly brokers: readonly string[];
  readonly registryUrl: string;
  readonly leases: number;
  readonly heartbeatMs: number;
  readonly watchMs: number;
}

/** What the process used while it was looked at. */
export interface HoldUse {
  readonly corePercent: number;
  /** Mean of the resident set. */
  readonly rssMb: number;
  /** Leases that could act at the end. */
  readonly activeCount: number;
}
