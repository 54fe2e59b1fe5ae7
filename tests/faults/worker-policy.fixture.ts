import type { Policy } from '@profile-warden/domain';

/** As in production, three times as quick: a worker pauses itself after 30 s of silence, and is revoked after 40. */
export const WORKER_POLICY: Partial<Policy> = {
  version: 'workers-1',
  tickEveryMs: 1_000,
  heartbeatEveryMs: 3_000,
  suspectAfterMs: 12_000,
  leaseMs: 40_000,
  killMs: 5_000,
  marginMs: 10_000,
  settleMs: 5_000,
  unreachableAfterMs: 60_000,
  startBudgetMs: 90_000,
};

/** leaseMs − marginMs */
export const LIMIT_MS = 30_000;
