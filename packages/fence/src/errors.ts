interface ErrorRow {
  /** SQLSTATE with which the database says it, null where the mistake is found before it is asked. */
  readonly sqlState: string | null;
  /** Whether the whole transaction may be run again. `Fence.transaction` does so by itself. */
  readonly isRetryable: boolean;
  readonly when: string;
  readonly whatToDo: string;
}

/** Every error this package rejects with. Codes are API, messages are not. */
export const FENCE_ERRORS = {
  stop: {
    sqlState: 'WD001',
    isRetryable: false,
    when: 'The token is older than the current one, was revoked, or its lease has ended.',
    whatToDo: 'Roll back, stop working on the profile, give the lease up. Never write with this token again.',
  },
  retry: {
    sqlState: 'WD002',
    isRetryable: true,
    when: 'The database does not know yet: it is behind the log, or was started, restored or promoted just now.',
    whatToDo:
      'Roll back and run the whole transaction again, for a few seconds. Longer: look at the projector.',
  },
  'unknown-profile': {
    sqlState: 'WD003',
    isRetryable: false,
    when: 'The profile never had a lease.',
    whatToDo: 'Check the profile id. Pass seenOffset where the lease may be newer than the database.',
  },
  unchecked: {
    sqlState: 'WD004',
    isRetryable: false,
    when: 'A guarded table was written without a token accepted for that profile in the same transaction.',
    whatToDo:
      'Call require first, for every profile whose rows are written. Delete rows instead of TRUNCATE.',
  },
  'bare-pool': {
    sqlState: null,
    isRetryable: false,
    when: 'A pool was given: it runs each query on any of its connections, so its lock protects nothing.',
    whatToDo: 'Take one client with pool.connect(), or use transaction.',
  },
  'no-transaction': {
    sqlState: null,
    isRetryable: false,
    when: 'The client is not inside a transaction: the lock was gone as soon as it was taken.',
    whatToDo: 'Send BEGIN first, on the same client, or use transaction.',
  },
  'ended-early': {
    sqlState: null,
    isRetryable: false,
    when: 'The work given to transaction has itself ended the transaction. What it did may be committed.',
    whatToDo: 'Leave COMMIT and ROLLBACK to transaction; throw to roll back.',
  },
  'swallowed-error': {
    sqlState: null,
    isRetryable: false,
    when: 'The work given to transaction returned although a statement of it had failed. Nothing was written.',
    whatToDo: 'Let errors of the database through, or catch them around a savepoint of your own.',
  },
  'bad-profile-id': {
    sqlState: '22023',
    isRetryable: false,
    when: 'The profile id is no text of 1 to 128 characters, or no valid Unicode.',
    whatToDo: 'Pass the id under which the profile was leased.',
  },
  'bad-token': {
    sqlState: '22023',
    isRetryable: false,
    when: 'The token is no whole number from 1 to 2^52 - 1.',
    whatToDo: 'Pass the token of the lease as it was granted, as a number.',
  },
  'bad-seen-offset': {
    sqlState: '22023',
    isRetryable: false,
    when: 'The seen offset is no whole number from 0.',
    whatToDo: 'Pass the offset of the LeaseGranted record, or leave it out.',
  },
  'two-tokens': {
    sqlState: null,
    isRetryable: false,
    when: 'One call names a profile twice, with two tokens.',
    whatToDo: 'Pass each profile once, with the token of its present lease.',
  },
  'no-lease': {
    sqlState: null,
    isRetryable: false,
    when: 'The list of leases is empty: nothing would be checked.',
    whatToDo: 'Pass the lease of every profile that the transaction writes.',
  },
  'bad-option': {
    sqlState: null,
    isRetryable: false,
    when: 'An option of Fence or of transaction breaks its bound.',
    whatToDo: 'Correct the option that the error names.',
  },
} as const satisfies Record<string, ErrorRow>;

export type FenceErrorCode = keyof typeof FENCE_ERRORS;

/** What the database can say against a token. */
export type RefusalKind = 'stop' | 'retry' | 'unknown-profile' | 'unchecked';
export type RefusalCode = 'WD001' | 'WD002' | 'WD003' | 'WD004';

/** The finer cause, for logs and metrics; a newer install may add others. */
export type RefusalReason =
  | 'older'
  | 'revoked'
  | 'ended'
  | 'newer'
  | 'behind'
  | 'not-caught-up'
  | 'other-database'
  | 'unknown-profile'
  | 'unchecked';

const KINDS: Readonly<Record<RefusalCode, RefusalKind>> = {
  WD001: 'stop',
  WD002: 'retry',
  WD003: 'unknown-profile',
  WD004: 'unchecked',
};

export interface Refusal {
  /** SQLSTATE. */
  readonly code: RefusalCode;
  readonly kind: RefusalKind;
  /** A `RefusalReason`, or what a newer install has added. */
  readonly reason: string;
  readonly profileId: string;
  /** Null where a guarded table was written without any. */
  readonly presentedToken: number | null;
  /** The highest token the database knows of; null where it knows none. */
  readonly knownToken: number | null;
}

/** Thrown when the database refuses a token. The transaction is aborted: roll it back, then act by `kind`. */
export class FenceRefusedError extends Error implements Refusal {
  override readonly name = 'FenceRefusedError';
  readonly code: RefusalCode;
  readonly kind: RefusalKind;
  readonly reason: string;
  readonly profileId: string;
  readonly presentedToken: number | null;
  readonly knownToken: number | null;

  constructor(message: string, refusal: Refusal, options?: ErrorOptions) {
    super(message, options);
    this.code = refusal.code;
    this.kind = refusal.kind;
    this.reason = refusal.reason;
    this.profileId = refusal.profileId;
    this.presentedToken = refusal.presentedToken;
    this.knownToken = refusal.knownToken;
  }
}

/** Thrown when the fence is used in a way that could not protect anything. A mistake in the caller; never retry. */
export class FenceUsageError extends Error {
  override readonly name = 'FenceUsageError';
  readonly code: Exclude<FenceErrorCode, RefusalKind>;

  constructor(code: FenceUsageError['code'], detail = '', options?: ErrorOptions) {
    const { when, whatToDo } = FENCE_ERRORS[code];
    super(`${code}: ${detail === '' ? '' : `${detail}. `}${when} ${whatToDo}`, options);
    this.code = code;
  }
}

export const kindOf = (sqlState: unknown): RefusalKind | null =>
  typeof sqlState === 'string' && sqlState in KINDS ? KINDS[sqlState as RefusalCode] : null;

/** The refusal in an error of the database driver, or null where it is about something else. */
export function refusalOf(error: unknown): FenceRefusedError | null {
  if (error instanceof FenceRefusedError) return error;
  if (!(error instanceof Error) || !('code' in error)) return null;
  const kind = kindOf(error.code);
  if (kind === null) return null;
  const detail = parseDetail('detail' in error ? error.detail : undefined);
  const hint = 'hint' in error && typeof error.hint === 'string' ? `. ${error.hint}` : '';
  return new FenceRefusedError(
    `${error.message}${hint}`,
    {
      code: error.code as RefusalCode,
      kind,
      reason: textOr(detail['reason'], 'unknown'),
      profileId: textOr(detail['profileId'], ''),
      presentedToken: numberOrNull(detail['presentedToken']),
      knownToken: numberOrNull(detail['knownToken']),
    },
    { cause: error },
  );
}

const textOr = (value: unknown, otherwise: string): string => (typeof value === 'string' ? value : otherwise);
const numberOrNull = (value: unknown): number | null => (typeof value === 'number' ? value : null);

function parseDetail(detail: unknown): Record<string, unknown> {
  if (typeof detail !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(detail);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
