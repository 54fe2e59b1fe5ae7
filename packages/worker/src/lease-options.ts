import { MAX_PROFILE_ID_LENGTH, assertProfileId } from '@profile-warden/events';
import type { BrowserKind, EventOf, Intent } from '@profile-warden/events';
import { InvalidInputError } from './errors.ts';
import { checkFlag, checkOneOf, checkOptionalText, checkText, checkWhole } from './input-check.ts';

/** Longest wait for a profile: one day. Beyond that a queue is the better place to wait in. */
const MAX_WAIT_MS = 86_400_000;
/** The policy may cap it lower; 12 hours is its default cap, 30 days the longest duration a policy can name. */
const MAX_RUNTIME_MS = 30 * 86_400_000;

/** What a worker asks for. */
export interface AcquireOptions {
  /** The profile. 1 to 128 characters, no control characters. */
  readonly profileId: string;
  /** The job to be done on it; a resume must name the interrupted one. 1 to 128 characters. */
  readonly taskId: string;
  /**
   * `fresh` begins a task; `resume` goes on with a recovered one from its checkpoint; `inspect` lets a reviewer look
   * and allows only `read` and `await-human` steps. Default `fresh`.
   */
  readonly intent?: Exclude<Intent, 'UNKNOWN'>;
  /**
   * How long the request may wait for a held profile, in ms of log time. Default 0: one answer, at once. At most
   * 86,400,000 (a day). Waiting costs one place of the profile's bounded queue.
   */
  readonly waitMs?: number;
  /** Gives up waiting. A grant that comes later is released unused. Default none: `waitMs` alone bounds the wait. */
  readonly signal?: AbortSignal;
  /**
   * Longest run wanted, in ms of log time; afterwards the holder is asked to stop. Default: the policy's. At least
   * 1, at most 30 days; the policy's cap wins. Ask for what the task really needs: a hung task ends then.
   */
  readonly maxRuntimeMs?: number;
  /**
   * The task changes nothing on the account. Default false. Recovery may then always start it over; in turn
   * `side-effect` and `sensitive` steps are refused under this lease.
   */
  readonly readOnly?: boolean;
  /**
   * Proxy that the browser will use, at most 128 characters. Default none. A resume is granted only with the proxy
   * the task ran with, since sites tie a session to an address.
   */
  readonly proxyId?: string;
  /** Tenant on whose behalf, at most 128 characters. Default none. Must be the profile's where it has one. */
  readonly tenant?: string;
  /**
   * Browser that will open the profile: family, and version (at most 64 characters, major first). Default `other`
   * without version. Lets the authority refuse to open a profile with an older browser than the last that wrote it.
   */
  readonly browser?: { readonly kind: Exclude<BrowserKind, 'UNKNOWN'>; readonly version?: string };
  /**
   * Directory that the worker will open, at most 1024 characters. Default none. Evidence is collected there, so
   * without it most recoveries end with a person. If it is there already, the request tells its device and inode too,
   * by which evidence knows it from another one that was put in its place.
   */
  readonly profileDirectory?: string;
}

/** The request as far as the caller determines it. */
export type WantedLease = Pick<
  EventOf<'LeaseRequested'>,
  | 'taskId'
  | 'intent'
  | 'readOnly'
  | 'waitMs'
  | 'maxRuntimeMs'
  | 'tenant'
  | 'proxyId'
  | 'browserKind'
  | 'browserVersion'
  | 'profileDirectory'
>;

export function checkProfileId(value: unknown): string {
  try {
    assertProfileId(value);
    return value;
  } catch {
    throw new InvalidInputError(
      'profileId',
      value,
      `a text of 1 to ${MAX_PROFILE_ID_LENGTH} characters without control characters`,
    );
  }
}

export function checkWantedLease(options: AcquireOptions): WantedLease {
  const { browser, maxRuntimeMs, signal } = options;
  if (signal !== undefined && !(signal instanceof AbortSignal))
    throw new InvalidInputError('signal', signal, 'an AbortSignal');
  return {
    taskId: checkText('taskId', options.taskId, 128),
    intent: checkOneOf('intent', options.intent ?? 'fresh', ['fresh', 'resume', 'inspect']),
    readOnly: checkFlag('readOnly', options.readOnly, false),
    waitMs: checkWhole('waitMs', options.waitMs ?? 0, 0, MAX_WAIT_MS),
    maxRuntimeMs:
      maxRuntimeMs === undefined ? null : checkWhole('maxRuntimeMs', maxRuntimeMs, 1, MAX_RUNTIME_MS),
    tenant: checkOptionalText('tenant', options.tenant, 128),
    proxyId: checkOptionalText('proxyId', options.proxyId, 128),
    browserKind: checkOneOf('browser.kind', browser?.kind ?? 'other', ['chromium', 'firefox', 'other']),
    browserVersion: checkOptionalText('browser.version', browser?.version, 64),
    profileDirectory: checkOptionalText('profileDirectory', options.profileDirectory, 1024),
  };
}
