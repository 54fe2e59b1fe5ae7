import type { BrowserKind, Findings } from '@profile-warden/events';

/** Identity of a directory, as its worker saw it when it asked for the lease. Both are whole numbers. */
interface DirectoryIdentity {
  readonly device: string;
  readonly inode: string;
}

export interface WorkerIdentity {
  readonly pid: number;
  /** Clock ticks since boot; 0 where unknown. */
  readonly processStart: number;
  /** As `readlink /proc/self/ns/pid` says it; empty where unknown. */
  readonly pidNamespace: string;
}

export interface HostRequest {
  /** Host of the lease. */
  readonly hostId: string;
  /** Host this collector serves. */
  readonly myHostId: string;
  readonly leaseBootId: string;
  readonly worker: WorkerIdentity;
  readonly directory: string | null;
  readonly directoryIdentity?: DirectoryIdentity | null;
  /**
   * The directory lies on storage that this host shares with the host of the lease. Without it, a path of
   * another host is never followed here: the same path may be another directory.
   */
  readonly storageShared?: boolean;
  readonly browserKind: BrowserKind;
  /** Names and addresses that mean this host in a browser's lock, besides its host name and addresses. */
  readonly lockHosts?: readonly string[];
  /** Cookies counted at the last checkpoint, where somebody counted. */
  readonly cookiesAtCheckpoint?: number | null;
  readonly screenshot: { readonly uri: string; readonly sha256: string } | null;
  /** Web servers that may be asked for it, as `https://host:port`. The worker chose the rest of the address. */
  readonly screenshotOrigins?: readonly string[];
  /** Nobody had a lease on this profile before. */
  readonly firstLease: boolean;
  /** Gap between two looks. */
  readonly settleMs: number;
  /** Bound of each look, and of the reading of contents; whatever has not answered then is unknown. */
  readonly timeLimitMs: number;
  readonly now: () => number;
  readonly sleep: (ms: number, signal?: AbortSignal) => Promise<void>;
}

/** The part of `Findings` that only the host can tell. */
export type HostFindings = Pick<
  Findings,
  | 'workerAlive'
  | 'browserAlive'
  | 'sameBoot'
  | 'secondRoot'
  | 'directoryPresent'
  | 'directorySame'
  | 'preferencesValid'
  | 'databasesSound'
  | 'cookiesKept'
  | 'changedBetweenLooks'
  | 'screenshotFound'
  | 'lockTarget'
  | 'fileSystem'
  | 'directoryBytes'
  | 'lastWriteAt'
  | 'browserVersion'
  | 'exitType'
>;
