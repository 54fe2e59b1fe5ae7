import {
  FOLD_VERSION,
  emptyPartition,
  type HostState,
  type LeaseRequest,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import { TICK_MS } from './tiny-policy.ts';

export const PROFILE_ID = 'p1';

/** What log time reads in every situation; all other log times are told from it. Above every duration there is. */
const LOG_MS = 10_000_000;
/**
 * The tiny policy's longest wait is a lease behind the fence and a time-out, five ticks, if those that no search is deep
 * enough for are left out (`maxRuntimeMs` and its like). What is older than six was as long ago as it can matter.
 */
export const OLDEST_LOG_MS = LOG_MS - 6 * TICK_MS;
/** In place of an offset that nothing is compared with. */
const NO_OFFSET = -1;

/** The folded state as far as any decision depends on it, as plain data. */
export interface View {
  readonly lastOffset: number;
  readonly logMs: number;
  readonly lastTickAtMs: number | null;
  readonly epoch: number;
  readonly massSilence: PartitionState['massSilence'];
  readonly hosts: readonly (readonly [string, HostState])[];
  readonly workers: readonly (readonly [
    string,
    PartitionState['workers'] extends Map<string, infer W> ? W : never,
  ])[];
  readonly profile: ProfileState | null;
}

/**
 * Leaves out what the fold writes and no decision reads: broker times, where the last step stood, counters of late
 * reports. And what no record of this search can make matter: where and when a request was made is compared with
 * restarts of its worker and with its patience, which outlasts the search; when it was answered, with an hour.
 */
const essence = (profile: ProfileState): ProfileState => {
  const { since, lease, pulse, history, requests, answered } = profile;
  return {
    ...profile,
    since: { ...since, brokerMs: 0 },
    requests: requests.map(timeless),
    answered: answered.map(({ requestId }) => ({ requestId, logMs: LOG_MS })),
    lease:
      lease === null
        ? null
        : {
            ...lease,
            requestedOffset: NO_OFFSET,
            request: lease.request === null ? null : timeless(lease.request),
          },
    pulse: pulse === null ? null : { ...pulse, lateReportCount: 0, refusedWriteCount: 0 },
    history: {
      ...history,
      lastStep:
        history.lastStep === null ? null : { ...history.lastStep, offset: NO_OFFSET, logMs: OLDEST_LOG_MS },
    },
  };
};

const timeless = (request: LeaseRequest): LeaseRequest => ({
  ...request,
  offset: NO_OFFSET,
  logMs: OLDEST_LOG_MS,
});

export const viewOf = (state: PartitionState): View => {
  const profile = state.profiles.get(PROFILE_ID);
  const { nextOffset, logMs, lastTick, epoch, massSilence, hosts, workers } = state;
  return {
    lastOffset: nextOffset - 1,
    logMs,
    lastTickAtMs: lastTick?.brokerMs ?? null,
    epoch,
    massSilence,
    hosts: [...hosts],
    workers: [...workers],
    profile: profile === undefined ? null : essence(profile),
  };
};

/** A partition that decides and folds on as the one the view was taken of. */
export const partitionOf = (view: View): PartitionState => {
  const { lastOffset, logMs, lastTickAtMs, epoch, massSilence, hosts, workers, profile } = view;
  return {
    ...emptyPartition(0),
    foldVersion: FOLD_VERSION,
    nextOffset: lastOffset + 1,
    logMs,
    lastTick: lastTickAtMs === null ? null : { brokerMs: lastTickAtMs, offset: 0 },
    epoch,
    massSilence,
    hosts: new Map(hosts),
    workers: new Map(workers),
    profiles: new Map(profile === null ? [] : [[PROFILE_ID, profile]]),
  };
};

/** How far log time is from what it reads everywhere. */
export const logShiftOf = (view: View): number => LOG_MS - view.logMs;
