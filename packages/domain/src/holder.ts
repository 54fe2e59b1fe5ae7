import type { Findings } from '@profile-warden/events';
import { hasReportedAfter } from './silence.ts';
import type { PartitionState, ProfileState } from './state.ts';

export type HolderVerdict = 'gone' | 'alive' | 'unknown';

/** Whether the old holder is gone, by what a look found and what the log says. Unknown is never taken for gone. */
export const holderVerdict = (
  state: PartitionState,
  profile: ProfileState,
  look: { readonly basedOn: number; readonly findings: Findings },
): HolderVerdict => {
  const { findings } = look;
  if (hasReportedAfter(profile, look.basedOn)) return 'alive';
  if (findings.sameBoot.value === 'no' || isHostAttestedDead(state, profile)) return 'gone';
  const browser = findings.browserAlive.value;
  const worker = findings.workerAlive.value;
  const confirmedClose = profile.pulse?.lastReport?.closed === true;
  if (browser === 'yes' || (worker === 'yes' && !confirmedClose)) return 'alive';
  if (browser === 'no' && (worker === 'no' || confirmedClose)) return 'gone';
  // Something spoke under the token although nothing can be written with it: until seen gone, it lives.
  return reportedAfterFence(profile) ? 'alive' : 'unknown';
};

const reportedAfterFence = (profile: ProfileState): boolean => {
  const last = profile.pulse?.lastReport ?? null;
  return last !== null && !last.closed && profile.fencedOffset !== null && last.offset > profile.fencedOffset;
};

/**
 * A person or an orchestrator vouched that the lease's host is off, after the lease was asked for. A word of the holder
 * since then refutes it.
 */
const isHostAttestedDead = (state: PartitionState, profile: ProfileState): boolean => {
  const { lease } = profile;
  const host = lease === null ? undefined : state.hosts.get(lease.hostId);
  if (lease === null || host?.status !== 'dead') return false;
  return host.statusOffset > lease.requestedOffset && !hasReportedAfter(profile, host.statusOffset);
};
