import type { ProfileState } from '@profile-warden/domain';
import type { EventOf } from '@profile-warden/events';
import { request } from '../spec/index.ts';
import type { Random } from '../walk/random.ts';

export interface WorkerName {
  readonly workerId: string;
  readonly hostId: string;
  readonly incarnation: string;
}

/** What a worker asks for, by what it sees of the profile. */
export const requestOf = (
  random: Random,
  { workerId, hostId, incarnation }: WorkerName,
  pid: number,
  requestId: string,
  profile: ProfileState | undefined,
): EventOf<'LeaseRequested'> => {
  const { stage, history } = profile ?? {};
  const isResume = stage?.kind === 'resume-pending' && random.chance(0.8);
  const isInspection = stage?.kind === 'manual-review' && random.chance(0.6);
  return request(requestId, {
    workerId,
    incarnation,
    // Who goes on with an interrupted task does so where it ran.
    hostId: isResume ? (history?.origin?.hostId ?? hostId) : hostId,
    bootId: `boot-${hostId}`,
    pid,
    taskId: isResume ? stage.taskId : `t${random.whole(4)}`,
    intent: isResume ? 'resume' : isInspection ? 'inspect' : 'fresh',
    readOnly: random.chance(0.1),
    waitMs: random.pick([0, 500, 4_000]),
    maxRuntimeMs: random.pick([null, null, 8_000]),
    proxyId: random.chance(0.9) ? 'proxy-a' : 'proxy-b',
  });
};
