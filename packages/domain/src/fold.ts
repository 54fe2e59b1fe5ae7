import type { EventType, LogRecord, WardenEvent } from '@profile-warden/events';
import {
  leaseDenied,
  leaseGranted,
  leaseReleased,
  quarantined,
  resumeExpired,
  staleTokenRejected,
  stopRequested,
  suspicionCleared,
} from './fold/authority.ts';
import { clockTicked, epochStarted, hostReported, massSilence, workerStarted } from './fold/partition.ts';
import {
  decided,
  evidenceCollected,
  fenceConfirmed,
  profileRegistered,
  quarantineRequested,
  reviewResolved,
  suspectedStale,
} from './fold/recovery.ts';
import {
  heartbeat,
  releaseRequested,
  silenceAnnounced,
  stepCompleted,
  stepStarted,
  writeRefused,
} from './fold/report.ts';
import { leaseRequested } from './fold/request.ts';
import type { At, IgnoredReason, Step } from './fold/step.ts';
import { newProfile } from './initial-state.ts';
import type { PartitionState, ProfileState } from './state.ts';

/**
 * What a record did. `beat`: a heartbeat of a lease that is held; it can only put deadlines off, so nothing new is owed.
 */
export type Folded = 'applied' | 'beat' | 'undecodable' | 'foreign' | IgnoredReason;

/**
 * The one fold of the system: every service brings its state up to date by it, record by record, in log order. Pure in
 * that the next state depends on nothing but the state and the record; the partition is updated in place, the profiles
 * in it are replaced.
 *
 * @throws RangeError when the record does not lie behind what was folded before.
 */
export const evolve = (state: PartitionState, record: LogRecord): Folded => {
  if (record.offset < state.nextOffset)
    throw new RangeError(`offset ${record.offset} was folded already: the next one is ${state.nextOffset}`);
  state.firstRecordId ??= record.id;
  state.lastRecord = { offset: record.offset, id: record.id };
  state.nextOffset = record.offset + 1;
  const folded = foldRecord(state, record);
  count(state, folded);
  return folded;
};

const count = ({ tally }: PartitionState, folded: Folded): void => {
  tally.read += 1;
  if (folded === 'applied' || folded === 'beat') tally.applied += 1;
  else if (folded === 'undecodable' || folded === 'foreign') tally[folded] += 1;
  else tally.ignored.set(folded, (tally.ignored.get(folded) ?? 0) + 1);
};

const foldRecord = (state: PartitionState, record: LogRecord): Folded => {
  const { event, profileId } = record;
  if (event.type === 'foreign') return 'foreign';
  const at: At = { state, offset: record.offset, logMs: state.logMs, brokerMs: record.brokerMs };
  if (profileId === null) return event.type === 'undecodable' ? 'undecodable' : foldKeyless(at, event);
  const before = state.profiles.get(profileId);
  const { offset, logMs, brokerMs } = at;
  const profile = before ?? newProfile(profileId, { offset, logMs, brokerMs });
  if (event.type === 'undecodable') {
    // Nobody knows what it said: the case that it belongs to can only be judged by a person.
    state.profiles.set(profileId, { ...profile, unreadableOffset: record.offset });
    return 'undecodable';
  }
  const step = PROFILE_STEPS[event.type] as Step<WardenEvent> | undefined;
  if (step === undefined) return 'unkeyed';
  const after = step(at, profile, event);
  if (typeof after === 'string') return after;
  if (after !== before) state.profiles.set(profileId, after);
  return event.type === 'Heartbeat' && isPlainBeat(profile, after) ? 'beat' : 'applied';
};

const isPlainBeat = (before: ProfileState, after: ProfileState): boolean =>
  after.stage === before.stage && after.stage.kind === 'held';

const foldKeyless = (at: At, event: WardenEvent): Folded => {
  switch (event.type) {
    case 'ClockTicked':
      return clockTicked(at, event) ?? 'applied';
    case 'AuthorityEpochStarted':
      return epochStarted(at, event) ?? 'applied';
    case 'WorkerStarted':
      return workerStarted(at, event) ?? 'applied';
    case 'HostReported':
      return hostReported(at, event) ?? 'applied';
    case 'MassSilence':
      return massSilence(at, event) ?? 'applied';
    default:
      return 'unkeyed';
  }
};

type ProfileSteps = { readonly [K in EventType]?: Step<Extract<WardenEvent, { type: K }>> };

const PROFILE_STEPS: ProfileSteps = {
  ProfileRegistered: profileRegistered,
  LeaseRequested: leaseRequested,
  Heartbeat: heartbeat,
  StepStarted: stepStarted,
  StepCompleted: stepCompleted,
  SilenceAnnounced: silenceAnnounced,
  ReleaseRequested: releaseRequested,
  WriteRefused: writeRefused,
  LeaseGranted: leaseGranted,
  LeaseDenied: leaseDenied,
  LeaseReleased: leaseReleased,
  SuspicionCleared: suspicionCleared,
  StopRequested: stopRequested,
  Quarantined: quarantined,
  StaleTokenRejected: staleTokenRejected,
  ResumeExpired: resumeExpired,
  SuspectedStale: suspectedStale,
  FenceConfirmed: fenceConfirmed,
  EvidenceCollected: evidenceCollected,
  Decided: decided,
  QuarantineRequested: quarantineRequested,
  ReviewResolved: reviewResolved,
};
