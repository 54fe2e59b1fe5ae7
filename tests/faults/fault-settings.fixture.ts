import type { Policy } from '@profile-warden/domain';

/** A recovery within seconds; every inequality of the policy holds. */
export const FAULT_POLICY: Partial<Policy> = {
  version: 'faults-1',
  tickEveryMs: 200,
  heartbeatEveryMs: 500,
  suspectAfterMs: 2_000,
  leaseMs: 7_000,
  unreachableAfterMs: 4_000,
  startBudgetMs: 20_000,
  settleMs: 600,
  killMs: 600,
  marginMs: 2_000,
  evidenceAttempts: 2,
  evidenceEveryMs: 500,
  collectorTimeoutMs: 5_000,
  massSilence: { fraction: 0.3, minLeases: 100, windowMs: 200, holdMs: 2_000 },
};

export const PARTITION_COUNT = 6;
export const HOST_ID = 'fault-host';
/** Ms after which the group gives a silent member's partitions to others. */
export const SESSION_MS = 3_000;
