import type { Answer, Cause, EventOf, Finding, Findings, HostStatus } from '@profile-warden/events';
import { request } from './worker-events.ts';

type About<E> = Partial<Omit<E, 'type'>>;

export const finding = (value: Answer): Finding => ({ value, how: 'looked', at: 0 });

/** The first lease of a profile, given to whoever `request()` is. */
export const leaseGranted = (
  epoch: number,
  about: About<EventOf<'LeaseGranted'>> = {},
): EventOf<'LeaseGranted'> => {
  const { requestId, workerId, incarnation, hostId, taskId } = request();
  return {
    type: 'LeaseGranted',
    epoch,
    token: 1,
    requestId,
    holder: { workerId, incarnation, hostId, taskId },
    intent: 'fresh',
    leaseMs: 30_000,
    maxRuntimeMs: 600_000,
    resumeFrom: null,
    ...about,
  };
};

/** A look that found the holder gone and the profile sound. */
export const findings = (about: { readonly [K in keyof Findings]?: Findings[K] | Answer } = {}): Findings => {
  const given = Object.fromEntries(
    Object.entries(about).map(([name, value]) => [name, isAnswer(value) ? finding(value) : value]),
  );
  return { ...GONE, ...given };
};

const isAnswer = (value: unknown): value is Answer =>
  value === 'yes' || value === 'no' || value === 'unknown' || value === 'UNKNOWN';

const GONE: Findings = {
  version: 1,
  workerAlive: finding('no'),
  browserAlive: finding('no'),
  sameBoot: finding('yes'),
  secondRoot: finding('no'),
  directoryPresent: finding('yes'),
  directorySame: finding('yes'),
  preferencesValid: finding('yes'),
  databasesSound: finding('yes'),
  cookiesKept: finding('yes'),
  changedBetweenLooks: finding('no'),
  screenshotFound: finding('unknown'),
  lockTarget: null,
  fileSystem: null,
  directoryBytes: null,
  lastWriteAt: null,
  browserVersion: null,
  exitType: null,
  lastUrl: null,
  lastStep: null,
  openSteps: [],
  checkpoint: null,
  checkpointAgeMs: null,
  screenshotUri: null,
  proxyId: null,
  lateReportCount: 0,
  refusedWriteCount: 0,
  silentOnHostCount: 0,
};

export const evidence = (
  basedOn: number,
  about: About<EventOf<'EvidenceCollected'>> = {},
): EventOf<'EvidenceCollected'> => ({
  type: 'EvidenceCollected',
  token: 1,
  round: 1,
  attempt: 1,
  complete: true,
  basedOn,
  collectorId: 'c1',
  hostId: 'h1',
  findings: GONE,
  ...about,
});

export const suspected = (
  cause: Cause,
  basedOn: number | null,
  about: About<EventOf<'SuspectedStale'>> = {},
): EventOf<'SuspectedStale'> => ({
  type: 'SuspectedStale',
  token: 1,
  cause,
  basedOn,
  silenceMs: 0,
  ...about,
});

export const fenceConfirmed = (target: string, token = 1): EventOf<'FenceConfirmed'> => ({
  type: 'FenceConfirmed',
  token,
  target,
  databaseIncarnation: 'db1',
});

export const decided = (basedOn: number, about: About<EventOf<'Decided'>> = {}): EventOf<'Decided'> => ({
  type: 'Decided',
  token: 1,
  round: 1,
  basedOn,
  outcome: 'available',
  checkpointOffset: null,
  rule: 'finished',
  reasons: [],
  policyVersion: 'default-1',
  ...about,
});

export const hostReported = (
  status: HostStatus,
  about: About<EventOf<'HostReported'>> = {},
): EventOf<'HostReported'> => ({
  type: 'HostReported',
  hostId: 'h1',
  bootId: null,
  status,
  reportedBy: 'ops',
  reason: null,
  ...about,
});

export const registered = (
  about: About<EventOf<'ProfileRegistered'>> = {},
): EventOf<'ProfileRegistered'> => ({
  type: 'ProfileRegistered',
  accountRef: null,
  tenant: null,
  homeHost: null,
  sharedStorage: false,
  directory: null,
  labels: [],
  registeredBy: 'ops',
  ...about,
});

export const quarantineRequested = (token = 1, reason = 'looks odd'): EventOf<'QuarantineRequested'> => ({
  type: 'QuarantineRequested',
  token,
  operator: 'olga',
  reason,
});

export const reviewResolved = (
  basedOn: number,
  about: About<EventOf<'ReviewResolved'>> = {},
): EventOf<'ReviewResolved'> => ({
  type: 'ReviewResolved',
  token: 1,
  round: 1,
  basedOn,
  outcome: 'available',
  verdicts: [],
  checkpoint: null,
  reviewer: 'rita',
  note: 'looked at it',
  ...about,
});

export const massSilence = (untilLogMs: number, silentMs = 30_000): EventOf<'MassSilence'> => ({
  type: 'MassSilence',
  held: 10,
  silent: 10,
  silentMs,
  untilLogMs,
});
