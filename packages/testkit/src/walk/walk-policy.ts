import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';

/** The production policy shrunk until a whole recovery fits into a few dozen steps; every inequality still holds. */
export const WALK_POLICY: Policy = {
  ...DEFAULT_POLICY,
  version: 'walk-1',
  tickEveryMs: 10,
  heartbeatEveryMs: 10,
  suspectAfterMs: 30,
  leaseMs: 105,
  unreachableAfterMs: 40,
  startBudgetMs: 60,
  settleMs: 10,
  killMs: 5,
  marginMs: 45,
  pauseMaxMs: 300,
  stopGraceMs: 30,
  maxRuntimeMs: 250,
  maxRuntimeCapMs: 1_000,
  resumeWindowMs: 200,
  evidenceAttempts: 3,
  evidenceEveryMs: 10,
  collectorTimeoutMs: 20,
  checkpointSettleMs: 20,
  maxRecoveriesPerTask: 2,
  maxWaiters: 2,
  massSilence: { fraction: 0.5, minLeases: 2, windowMs: 10, holdMs: 60 },
  fenceTargets: ['accounts', 'orders'],
};
