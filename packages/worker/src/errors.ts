import type { DenialReason, Holder, Lifecycle } from '@profile-warden/events';

/**
 * - `terminal`: the same call can never succeed; for a lease: stop, close the browser, release.
 * - `retryable`: nothing was done; the call may be made again.
 * - `paused`: nothing was done; it may be made again once the lease is active.
 */
export type ErrorKind = 'terminal' | 'retryable' | 'paused';

interface ErrorRow {
  readonly kind: ErrorKind;
  readonly when: string;
  readonly whatToDo: string;
}

/** Every error this package rejects with. Codes are API, messages are not. */
export const WORKER_ERRORS = {
  'invalid-input': {
    kind: 'terminal',
    when: 'An option is missing, has the wrong type or breaks its bound. Nothing was sent.',
    whatToDo: 'Correct the field that the error names.',
  },
  'lease-denied': {
    kind: 'terminal',
    when: 'The authority refused the profile, and waiting would not change that.',
    whatToDo: 'Read `reason` and `nextAction`. Never take another profile in its place.',
  },
  'lease-busy': {
    kind: 'retryable',
    when: 'The authority refused the profile for now.',
    whatToDo: 'Ask again after `retryAfterMs`.',
  },
  'acquire-timeout': {
    kind: 'retryable',
    when: 'No lease with a heartbeat read back within waitMs and answerTimeoutMs. A late grant is released.',
    whatToDo: 'Launch nothing. Ask again, and look at the authority and the broker.',
  },
  'acquire-aborted': {
    kind: 'terminal',
    when: 'The signal given to acquire aborted before there was a lease. A late grant is released.',
    whatToDo: 'Nothing; the caller wanted it.',
  },
  'margin-too-large': {
    kind: 'terminal',
    when: 'The granted leaseMs leaves no room for marginMs and a heartbeat. The lease was released.',
    whatToDo: 'Use marginMs and heartbeatEveryMs of the deployed policy.',
  },
  'lease-lost': {
    kind: 'terminal',
    when: 'The token was revoked, or the lease was paused for longer than pauseMaxMs.',
    whatToDo: 'Act no more, end the browser, release. Never retry under this lease.',
  },
  'lease-ended': {
    kind: 'terminal',
    when: 'The lease was released, or its release has begun.',
    whatToDo: 'Acquire a new lease.',
  },
  'lease-paused': {
    kind: 'paused',
    when: "A step with whenPaused 'reject' met a lease that is past its local deadline.",
    whatToDo: 'Act no more; try again after onResume.',
  },
  'step-not-started': {
    kind: 'retryable',
    when: 'The start of the step could not be put into the log, or perhaps was. The action was not called.',
    whatToDo: 'Call step again.',
  },
  'step-not-allowed': {
    kind: 'terminal',
    when: 'An inspect or read-only lease was asked for a step that changes something.',
    whatToDo: 'Acquire a lease whose intent covers the step.',
  },
  'step-unrecorded': {
    kind: 'terminal',
    when: 'The action was done, but its outcome could not be put into the log.',
    whatToDo: 'Do not repeat it. Stop and release; recovery will find the step open.',
  },
  'too-many-steps': {
    kind: 'retryable',
    when: 'Sixteen steps of the lease are running.',
    whatToDo: 'Await one of them first.',
  },
  'too-many-leases': {
    kind: 'retryable',
    when: 'The worker holds, or has asked for, maxLeases profiles.',
    whatToDo: 'Release one first, or raise maxLeases.',
  },
  'log-unavailable': {
    kind: 'retryable',
    when: 'The log could not be followed or appended to. What was sent may be in it; a late grant is released.',
    whatToDo: 'Try again; look at the broker.',
  },
  'worker-closed': {
    kind: 'terminal',
    when: 'The worker is shutting down.',
    whatToDo: 'Start a new worker.',
  },
  'profile-in-use': {
    kind: 'retryable',
    when: 'Somebody else has the profile directory open, or a lock of another host says so. No browser was started.',
    whatToDo: 'Do what `nextAction` says. Never remove a lock of a browser that may live.',
  },
  'browser-not-started': {
    kind: 'retryable',
    when: 'The driver could not start the browser; its error is the cause. Nothing is left on the profile.',
    whatToDo: 'Read the cause.',
  },
  'wrong-profile': {
    kind: 'terminal',
    when: 'The browser that was started is not the one on the leased directory. It was ended.',
    whatToDo: 'Look for a wrapper or an option that names another directory. Release as it is.',
  },
  'browser-open': {
    kind: 'retryable',
    when: 'A browser of withBrowserProfile already runs under this lease.',
    whatToDo: 'Let that one end first.',
  },
} as const satisfies Record<string, ErrorRow>;

export type WorkerErrorCode = keyof typeof WORKER_ERRORS;

/** Base of all errors of this package; `code` and `kind` are what to branch on. */
export class WorkerError extends Error {
  readonly code: WorkerErrorCode;
  readonly kind: ErrorKind;

  constructor(code: WorkerErrorCode, detail = '', options?: ErrorOptions) {
    const { when } = WORKER_ERRORS[code];
    super(detail === '' ? `${code}: ${when}` : `${code}: ${detail} (${when})`, options);
    this.name = 'WorkerError';
    this.code = code;
    this.kind = WORKER_ERRORS[code].kind;
  }
}

/** Thrown before anything is sent. */
export class InvalidInputError extends WorkerError {
  readonly field: string;
  readonly value: unknown;
  /** What would have been accepted, in words. */
  readonly bound: string;

  constructor(field: string, value: unknown, bound: string) {
    super('invalid-input', `${field} must be ${bound}, got ${shown(value)}`);
    this.name = 'InvalidInputError';
    this.field = field;
    this.value = value;
    this.bound = bound;
  }
}

export interface Denial {
  readonly reason: DenialReason;
  /** State of the profile when the request was judged. */
  readonly state: Lifecycle;
  /** Who holds or last held it. */
  readonly holder: Holder | null;
  /** Token of that lease. */
  readonly token: number | null;
  /** Broker time at which that state began, epoch ms; for display only. */
  readonly since: number | null;
  /** What the caller can do, in words. */
  readonly nextAction: string;
  /** When asking again makes sense, in ms; 0 where it does not. */
  readonly retryAfterMs: number;
}

/** The authority said no. `lease-busy` where it names a time to ask again, else `lease-denied`. */
export class LeaseDeniedError extends WorkerError implements Denial {
  readonly reason: DenialReason;
  readonly state: Lifecycle;
  readonly holder: Holder | null;
  readonly token: number | null;
  readonly since: number | null;
  readonly nextAction: string;
  readonly retryAfterMs: number;

  constructor(profileId: string, denial: Denial) {
    const { reason, state, nextAction, retryAfterMs } = denial;
    super(
      retryAfterMs > 0 ? 'lease-busy' : 'lease-denied',
      `${profileId}: ${reason}, it is ${state}; ${nextAction}`,
    );
    this.name = 'LeaseDeniedError';
    this.reason = reason;
    this.state = state;
    this.holder = denial.holder;
    this.token = denial.token;
    this.since = denial.since;
    this.nextAction = nextAction;
    this.retryAfterMs = retryAfterMs;
  }
}

/** Nobody answered in time, or the answer could not be confirmed in time. */
export class AcquireTimeoutError extends WorkerError {
  readonly waitedMs: number;

  constructor(profileId: string, waitedMs: number) {
    super('acquire-timeout', `${profileId}: no usable lease after ${waitedMs} ms`);
    this.name = 'AcquireTimeoutError';
    this.waitedMs = waitedMs;
  }
}

/** Why a lease is lost: seen in the log, or (`pause-exceeded`) concluded by the worker itself. */
export type LossCause =
  'quarantined' | 'resume-expired' | 'superseded' | 'stale-token' | 'grant-void' | 'pause-exceeded';

/** Also the reason of `lease.signal`. */
export class LeaseLostError extends WorkerError {
  readonly lossCause: LossCause;

  constructor(
    profileId: string,
    token: number,
    lossCause: LossCause,
    detail: string,
    options?: ErrorOptions,
  ) {
    super('lease-lost', `${profileId}, token ${token}: ${detail}`, options);
    this.name = 'LeaseLostError';
    this.lossCause = lossCause;
  }
}

/**
 * To be thrown by an action that knows that it changed nothing (a button was not there, the form refused). The step
 * is then recorded as `not-applied` and closed, whatever its kind. Every other error leaves the outcome unknown.
 */
export class NotApplied extends Error {
  constructor(message = 'nothing was changed', options?: ErrorOptions) {
    super(message, options);
    this.name = 'NotApplied';
  }
}

export const detailOf = (error: unknown): string => (error instanceof Error ? error.message : String(error));

function shown(value: unknown): string {
  if (typeof value === 'string')
    return value.length > 64
      ? `${JSON.stringify(value.slice(0, 64))}… (${value.length} characters)`
      : JSON.stringify(value);
  return typeof value === 'object' && value !== null ? 'an object' : String(value);
}
