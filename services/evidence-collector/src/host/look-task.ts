import type { BrowserKind } from '@profile-warden/events';
import type { WorkerIdentity } from './request.ts';
import type { Seen } from './seen.ts';

/** What the looking process is asked; it crosses a process boundary, so plain values only. */
export interface LookTask {
  readonly do: 'look' | 'read';
  /** The lease is of this host. */
  readonly isMyHost: boolean;
  /** Other hosts write to the directory too. */
  readonly storageShared: boolean;
  readonly leaseBootId: string;
  readonly worker: WorkerIdentity;
  readonly directory: string | null;
  readonly directoryIdentity: { readonly device: string; readonly inode: string } | null;
  readonly browserKind: BrowserKind;
  readonly lockHosts: readonly string[];
  readonly cookiesAtCheckpoint: number | null;
  readonly screenshot: { readonly uri: string; readonly sha256: string } | null;
  /** Web servers that may be asked for it. */
  readonly screenshotOrigins: readonly string[];
  readonly firstLease: boolean;
  /** Private folder for copies; empty for a look. */
  readonly copiesFolder: string;
}

interface ProcessReport {
  readonly sameBoot: Seen;
  readonly workerAlive: Seen;
  readonly browserAlive: Seen;
  readonly secondRoot: Seen;
}

export interface DirectoryReport {
  readonly directoryPresent: Seen;
  readonly directorySame: Seen;
  readonly fileSystem: string | null;
}

export interface ListingReport {
  /** Over path, kind, size, modification time and inode of everything seen; null where nothing could be. */
  readonly hash: string | null;
  /** False where a bound or a missing permission left something out. */
  readonly complete: boolean;
  readonly how: string;
  readonly bytes: number;
  readonly lastWriteAt: number | null;
}

interface FactReport {
  readonly lockTarget: string | null;
  readonly browserVersion: string | null;
  readonly exitType: string | null;
}

/** Each part is sent as soon as it is known: one that hangs does not take the others with it. */
export interface LookParts {
  processes: ProcessReport;
  directory: DirectoryReport;
  listing: ListingReport;
  facts: FactReport;
  preferences: Seen;
  databases: Seen;
  cookies: Seen;
  screenshot: Seen;
}

export type PartMessage = {
  [P in keyof LookParts]: { readonly part: P; readonly report: LookParts[P] };
}[keyof LookParts];
