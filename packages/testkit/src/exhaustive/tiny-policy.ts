import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';

/** One tick is the whole granularity of time in the search. */
export const TICK_MS = 10;

/**
 * As few ticks to each limit as the model's clock leaves room for: log time runs ahead of true time by two intervals at
 * most, so that is the margin, and a worker may act for two ticks after a heartbeat. Those inequalities of the policy
 * that only spare workers false alarms (three heartbeats before a suspicion) are not kept; those that protect are.
 */
export const TINY_POLICY: Policy = {
  ...DEFAULT_POLICY,
  version: 'tiny-1',
  tickEveryMs: TICK_MS,
  heartbeatEveryMs: TICK_MS,
  suspectAfterMs: 2 * TICK_MS,
  leaseMs: 4 * TICK_MS,
  unreachableAfterMs: 1_000,
  startBudgetMs: 1_000,
  settleMs: TICK_MS,
  killMs: TICK_MS,
  marginMs: 2 * TICK_MS,
  stopGraceMs: TICK_MS,
  maxRuntimeMs: 1_000,
  resumeWindowMs: 3 * TICK_MS,
  evidenceAttempts: 2,
  evidenceEveryMs: TICK_MS,
  collectorTimeoutMs: TICK_MS,
  checkpointSettleMs: TICK_MS,
  maxWaiters: 2,
  massSilence: { fraction: 1, minLeases: 2, windowMs: TICK_MS, holdMs: TICK_MS },
  fenceTargets: ['accounts', 'orders'],
};
