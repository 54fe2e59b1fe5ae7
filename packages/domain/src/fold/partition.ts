import type { EventOf } from '@profile-warden/events';
import { MAX_FORMER } from '../bounds.ts';
import { foldTick } from '../log-time.ts';
import { isOwned, silenceMs } from '../silence.ts';
import type { HostState } from '../state.ts';
import type { At, IgnoredReason } from './step.ts';

/** Records about the whole partition; they change it in place. Null means applied. */
type PartitionStep<E> = (at: At, event: E) => IgnoredReason | null;

export const clockTicked: PartitionStep<EventOf<'ClockTicked'>> = (at, event) => {
  foldTick(at.state, event, at);
  return null;
};

export const epochStarted: PartitionStep<EventOf<'AuthorityEpochStarted'>> = (at, event) => {
  at.state.epoch = at.offset;
  at.state.foldVersion = event.foldVersion;
  return null;
};

export const workerStarted: PartitionStep<EventOf<'WorkerStarted'>> = (at, event) => {
  foldHostBoot(at, event.hostId, event.bootId);
  const known = at.state.workers.get(event.workerId);
  if (known !== undefined) {
    const former = known.formerIncarnations;
    if (known.incarnation === event.incarnation || former.includes(event.incarnation))
      return 'known-incarnation';
  }
  at.state.workers.set(event.workerId, {
    incarnation: event.incarnation,
    offset: at.offset,
    formerIncarnations:
      known === undefined ? [] : [...known.formerIncarnations, known.incarnation].slice(-MAX_FORMER),
  });
  return null;
};

export const hostReported: PartitionStep<EventOf<'HostReported'>> = (at, event) => {
  if (event.status === 'UNKNOWN') return 'unknown-value';
  const host =
    event.bootId === null ? hostOf(at, event.hostId) : foldHostBoot(at, event.hostId, event.bootId);
  at.state.hosts.set(event.hostId, {
    ...host,
    status: event.status,
    statusOffset: at.offset,
    reportedOffset: at.offset,
  });
  return null;
};

const hostOf = (at: At, hostId: string): HostState =>
  at.state.hosts.get(hostId) ?? {
    bootId: null,
    bootOffset: -1,
    formerBootIds: [],
    status: 'up',
    statusOffset: -1,
    reportedOffset: null,
  };

/** A boot never seen before replaces the known one; a late word of a former boot changes nothing. */
const foldHostBoot = (at: At, hostId: string, bootId: string): HostState => {
  const host = hostOf(at, hostId);
  if (host.bootId === bootId || host.formerBootIds.includes(bootId)) return host;
  const next: HostState = {
    ...host,
    bootId,
    bootOffset: at.offset,
    formerBootIds: host.bootId === null ? [] : [...host.formerBootIds, host.bootId].slice(-MAX_FORMER),
    // What was attested of the former boot no longer holds for this one.
    status: 'up',
    statusOffset: at.offset,
  };
  at.state.hosts.set(hostId, next);
  return next;
};

/** Holds suspicion for silence, and marks every lease that is silent at this record as counted. */
export const massSilence: PartitionStep<EventOf<'MassSilence'>> = (at, event) => {
  at.state.massSilence = { offset: at.offset, untilLogMs: event.untilLogMs };
  for (const [profileId, profile] of at.state.profiles) {
    const { lease, pulse } = profile;
    if (lease === null || pulse === null || !isOwned(profile)) continue;
    if (silenceMs(lease, pulse, at.logMs) < event.silentMs) continue;
    at.state.profiles.set(profileId, { ...profile, pulse: { ...pulse, countedBy: at.offset } });
  }
  return null;
};
