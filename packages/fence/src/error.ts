/**
 * - `stop` (WD001): the token is older than the current one, was revoked, or its lease has ended. Final. Roll back,
 *   stop working on the profile, give the lease up. Never retry.
 * - `retry` (WD002): this database does not know yet whether the token is good: it is behind the log, or it was
 *   restored or promoted and is being caught up. Roll back and run the whole transaction again, with a pause of
 *   some 50 ms, for a few seconds at most.
 * - `unknown-profile` (WD003): the profile never had a lease. Check the id.
 */
export type RefusalKind = 'stop' | 'retry' | 'unknown-profile';

export type RefusalCode = 'WD001' | 'WD002' | 'WD003';

/** The finer cause, for logs and metrics; a newer install may add others. */
export type RefusalReason =
  'older' | 'revoked' | 'ended' | 'newer' | 'behind' | 'not-caught-up' | 'other-database' | 'unknown-profile';

const KINDS: Readonly<Record<RefusalCode, RefusalKind>> = {
  WD001: 'stop',
  WD002: 'retry',
  WD003: 'unknown-profile',
};

/** Thrown when the database refuses a token. The transaction is aborted: roll it back, then act by `kind`. */
export class FenceRefusedError extends Error {
  override readonly name = 'FenceRefusedError';
  readonly code: RefusalCode;
  readonly kind: RefusalKind;
  readonly reason: string;
  readonly profileId: string;
  readonly presentedToken: number;
  /** The current token as the database knows it; null where it knows none. */
  readonly knownToken: number | null;

  constructor(
    message: string,
    refusal: {
      code: RefusalCode;
      reason: string;
      profileId: string;
      presentedToken: number;
      knownToken: number | null;
    },
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.code = refusal.code;
    this.kind = KINDS[refusal.code];
    this.reason = refusal.reason;
    this.profileId = refusal.profileId;
    this.presentedToken = refusal.presentedToken;
    this.knownToken = refusal.knownToken;
  }
}

/**
 * Thrown when the fence is used in a way that could not protect anything: a bare pool, a client outside a
 * transaction, an impossible token or profile id. A mistake in the caller; never retry.
 */
export class FenceUsageError extends Error {
  override readonly name = 'FenceUsageError';
  readonly code: 'bare-pool' | 'no-transaction' | 'bad-profile-id' | 'bad-token' | 'bad-seen-offset';

  constructor(code: FenceUsageError['code'], message: string) {
    super(message);
    this.code = code;
  }
}

const isRefusalCode = (value: unknown): value is RefusalCode =>
  value === 'WD001' || value === 'WD002' || value === 'WD003';

/** The refusal in an error of the database driver, or null where it is about something else. */
export function refusalOf(
  error: unknown,
  asked: { profileId: string; token: number },
): FenceRefusedError | null {
  if (!(error instanceof Error) || !('code' in error) || !isRefusalCode(error.code)) return null;
  const detail = parseDetail('detail' in error ? error.detail : undefined);
  const hint = 'hint' in error && typeof error.hint === 'string' ? `. ${error.hint}` : '';
  return new FenceRefusedError(
    `${error.message}${hint}`,
    {
      code: error.code,
      reason: typeof detail['reason'] === 'string' ? detail['reason'] : 'unknown',
      profileId: asked.profileId,
      presentedToken: asked.token,
      knownToken: typeof detail['knownToken'] === 'number' ? detail['knownToken'] : null,
    },
    { cause: error },
  );
}

function parseDetail(detail: unknown): Record<string, unknown> {
  if (typeof detail !== 'string') return {};
  try {
    const parsed: unknown = JSON.parse(detail);
    return typeof parsed === 'object' && parsed !== null ? { ...parsed } : {};
  } catch {
    return {};
  }
}
