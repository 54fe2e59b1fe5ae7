import { DEFAULT_POLICY, type Policy } from '@profile-warden/domain';

/**
 * The times that the reports from the field name, in the proportions that the protocol asks for: a lease lasts 60 s,
 * since a worker must be silent for longer than it may believe in its lease.
 */
export const FIELD_POLICY: Policy = {
  ...DEFAULT_POLICY,
  version: 'field-1',
  heartbeatEveryMs: 5_000,
  suspectAfterMs: 15_000,
  leaseMs: 60_000,
  unreachableAfterMs: 15_000,
  startBudgetMs: 45_000,
  settleMs: 10_000,
  killMs: 10_000,
  marginMs: 15_000,
  evidenceAttempts: 3,
  evidenceEveryMs: 10_000,
  massSilence: { ...DEFAULT_POLICY.massSilence, windowMs: 5_000 },
};

/** leaseMs − marginMs: after so long without a heartbeat that came back a correct worker acts no more. */
export const WORKER_LIMIT_MS = FIELD_POLICY.leaseMs - FIELD_POLICY.marginMs;
