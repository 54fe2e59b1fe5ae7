import type { Lease, PartitionState, ProfileState, Pulse } from './state.ts';

/** Log time since the holder's last heartbeat, since the grant where there is none. */
export const silenceMs = (lease: Lease, pulse: Pulse, logMs: number): number =>
  logMs - (pulse.heartbeat?.logMs ?? lease.grantedLogMs);

/** Log time since the browser last answered, since the grant where it never did. */
export const unreachableMs = (lease: Lease, pulse: Pulse, logMs: number): number =>
  logMs - (pulse.reachable?.logMs ?? lease.grantedLogMs);

/**
 * Whether a correct holder has by now stopped on its own: nothing was heard of it for the whole lease, or its last word
 * was that its browser is closed. Until then nobody may be let in.
 */
export const holderIsSilent = (profile: ProfileState, logMs: number): boolean => {
  const { lease, pulse } = profile;
  if (lease === null) return true;
  if (pulse?.lastReport?.closed === true) return true;
  return logMs >= silentAtLogMs(lease, pulse);
};

/** Log time at which the silence of the holder will have lasted the whole lease, if nothing more is heard. */
export const silentAtLogMs = (lease: Lease, pulse: Pulse | null): number =>
  (pulse?.lastReport?.logMs ?? lease.grantedLogMs) + lease.leaseMs;

/** Whether the holder has said anything behind the given offset. */
export const hasReportedAfter = (profile: ProfileState, offset: number): boolean =>
  (profile.pulse?.lastReport?.offset ?? -1) > offset;

/** A later run of the holder's worker is known: the one that held the lease is gone. */
export const isWorkerRestarted = (state: PartitionState, lease: Lease): boolean => {
  const worker = state.workers.get(lease.workerId);
  return (
    worker !== undefined && worker.incarnation !== lease.incarnation && worker.offset > lease.requestedOffset
  );
};

/** The holder's host has booted anew, or was attested dead, since the lease was asked for. */
export const isHostRestarted = (state: PartitionState, lease: Lease): boolean => {
  const host = state.hosts.get(lease.hostId);
  if (host === undefined) return false;
  if (host.status === 'dead' && host.statusOffset > lease.requestedOffset) return true;
  const bootId = lease.request?.bootId;
  return (
    bootId !== undefined &&
    host.bootId !== null &&
    host.bootId !== bootId &&
    host.bootOffset > lease.requestedOffset
  );
};

/** The hold of a mass silence: until then nobody is suspected or quarantined for silence. */
export const silenceHeldUntil = (state: PartitionState): number => state.massSilence?.untilLogMs ?? 0;

export const isOwned = (profile: ProfileState): boolean =>
  profile.stage.kind === 'held' || profile.stage.kind === 'suspected-stale';
