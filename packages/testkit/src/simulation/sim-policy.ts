import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';

/** A recovery within half a minute of virtual time, in proportions to the runtime's own waits; every inequality holds. */
export const SIM_POLICY: Policy = {
  ...DEFAULT_POLICY,
  version: 'sim-1',
  tickEveryMs: 500,
  heartbeatEveryMs: 1_000,
  suspectAfterMs: 3_000,
  leaseMs: 10_000,
  unreachableAfterMs: 4_000,
  startBudgetMs: 8_000,
  settleMs: 1_000,
  killMs: 1_000,
  marginMs: 3_500,
  pauseMaxMs: 20_000,
  stopGraceMs: 3_000,
  maxRuntimeMs: 30_000,
  maxRuntimeCapMs: 60_000,
  resumeWindowMs: 12_000,
  evidenceAttempts: 3,
  evidenceEveryMs: 1_000,
  collectorTimeoutMs: 3_000,
  checkpointSettleMs: 2_000,
  maxRecoveriesPerTask: 1,
  maxWaiters: 2,
  massSilence: { fraction: 0.6, minLeases: 2, windowMs: 1_000, holdMs: 5_000 },
  fenceTargets: ['accounts', 'orders'],
};
