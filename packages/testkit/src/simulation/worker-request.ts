import type { ProfileState } from '@profile-warden/domain';
import type { EventOf } from '@profile-warden/events';
import { request } from '../spec/index.ts';
import type { Random } from '../walk/random.ts';

export interface WorkerName {
  readonly workerId: string;
  readonly hostId: string;
  readonly incarnation: string;
}

/** What a look finds the process by. */
export interface ProcessIdentity {
  readonly bootId: string;
  readonly pid: number;
  readonly processStart: number;
}

export interface Wish {
  readonly requestId: string;
  readonly directory: string;
  /** As the worker sees it. */
  readonly profile: ProfileState | undefined;
}

/** Who goes on with an interrupted task does so where it ran. */
const canResume = (profile: ProfileState | undefined, hostId: string): boolean =>
  profile?.stage.kind === 'resume-pending' && (profile.history.origin?.hostId ?? hostId) === hostId;

export const isWaitingFor = (profile: ProfileState | undefined, hostId: string): boolean =>
  profile?.stage.kind === 'manual-review' || canResume(profile, hostId);

/** On whose behalf the fleet works. */
export const TENANT = 'acme';

/** As it should be; now and then not. */
const oddly = <T>(random: Random, usual: T, odd: readonly T[]): T =>
  random.chance(0.06) ? random.pick(odd) : usual;

/** What a worker asks for, by what it sees of the profile. */
export const requestOf = (
  random: Random,
  { workerId, hostId, incarnation }: WorkerName,
  identity: ProcessIdentity,
  { requestId, directory, profile }: Wish,
): EventOf<'LeaseRequested'> => {
  const stage = profile?.stage;
  const isResume = stage?.kind === 'resume-pending' && canResume(profile, hostId) && random.chance(0.9);
  const isInspection = stage?.kind === 'manual-review' && random.chance(0.6);
  return request(requestId, {
    workerId,
    incarnation,
    hostId,
    ...identity,
    taskId: isResume && !random.chance(0.08) ? stage.taskId : `t${random.whole(4)}`,
    intent: isResume ? 'resume' : isInspection ? 'inspect' : oddly(random, 'fresh', ['resume', 'inspect']),
    readOnly: random.chance(0.1),
    waitMs: random.pick([0, 500, 4_000]),
    maxRuntimeMs: random.pick([null, null, 8_000]),
    proxyId: random.chance(0.9) ? 'proxy-a' : 'proxy-b',
    tenant: oddly(random, TENANT, ['somebody-else']),
    browserKind: oddly(random, 'chromium', ['firefox', 'other']),
    browserVersion: oddly(random, '140.0.1', ['139.9.9', null]),
    profileDirectory: oddly(random, directory, ['/elsewhere']),
  });
};
