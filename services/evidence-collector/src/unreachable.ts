import type { Finding } from '@profile-warden/events';
import type { HostFindings } from './host/index.ts';

/** What is said of a host that no collector answers for: nothing could be established. */
export const unreachableFindings = (hostId: string, at: number): HostFindings => {
  const unknown: Finding = { value: 'unknown', how: `no collector of host ${hostId} answered in time`, at };
  return {
    workerAlive: unknown,
    browserAlive: unknown,
    sameBoot: unknown,
    secondRoot: unknown,
    directoryPresent: unknown,
    directorySame: unknown,
    preferencesValid: unknown,
    databasesSound: unknown,
    cookiesKept: unknown,
    changedBetweenLooks: unknown,
    screenshotFound: unknown,
    lockTarget: null,
    fileSystem: null,
    directoryBytes: null,
    lastWriteAt: null,
    browserVersion: null,
    exitType: null,
  };
};
