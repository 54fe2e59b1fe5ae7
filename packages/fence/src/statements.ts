import type { FenceClient } from './client.ts';
import { isPool } from './client.ts';
import type { Refusal, RefusalCode } from './errors.ts';
import { FenceUsageError, kindOf, refusalOf } from './errors.ts';
import type { LeaseToken } from './lease-token.ts';
import { inOrder } from './lease-token.ts';

/**
 * The whole check, for any language and driver: the first statement after BEGIN, once per profile, in the order of
 * the profile ids. $1 profile id, $2 token, $3 seen offset or null. Returns, or raises WD001, WD002 or WD003.
 */
export const REQUIRE_TOKEN_SQL = 'select warden.require_token($1::text, $2::bigint, $3::bigint)';

/** The same as an answer instead of an error: one row (ok, sqlstate, reason, known_token, message). */
export const TRY_TOKEN_SQL = 'select * from warden.try_token($1::text, $2::bigint, $3::bigint)';

/** What `tryToken` answers: the lease may write, or why not. */
export type Verdict = { readonly ok: true } | ({ readonly ok: false; readonly message: string } & Refusal);

interface VerdictRow {
  readonly ok: boolean;
  readonly sqlstate: string | null;
  readonly reason: string | null;
  readonly known_token: string | number | null;
  readonly message: string | null;
}

const valuesOf = ({ profileId, token, seenOffset }: LeaseToken): unknown[] => [
  profileId,
  token,
  seenOffset ?? null,
];

/**
 * Makes sure that each token is its profile's current one, and that it stays so until this transaction ends: a
 * revocation waits for the commit, or comes first and the token is refused here.
 *
 * Call it as the first statement after `BEGIN`, in the transaction that writes, on the same client. Not behind a
 * savepoint, since rolling back to it would drop the lock. Several profiles in one call, so that they are locked in
 * one order. Under REPEATABLE READ and SERIALIZABLE a fence raised since the snapshot shows as 40001: run the
 * transaction again, as after any serialization failure.
 *
 * @throws FenceRefusedError when a token is refused; the transaction is aborted, roll it back.
 * @throws FenceUsageError when the call could not protect anything, before or instead of asking.
 */
export async function requireToken(
  client: FenceClient,
  leases: LeaseToken | readonly LeaseToken[],
): Promise<void> {
  refusePool(client, 'requireToken');
  for (const lease of inOrder(leases)) {
    try {
      await client.query(REQUIRE_TOKEN_SQL, valuesOf(lease));
    } catch (error) {
      throw refusalOf(error) ?? error;
    }
  }
  await assertInTransaction(client);
}

/**
 * The same without an error where a token is refused: the first refusal is the answer, and the transaction goes on.
 * What was accepted stays locked until it ends.
 *
 * @throws FenceUsageError when the call could not protect anything.
 */
export async function tryToken(
  client: FenceClient,
  leases: LeaseToken | readonly LeaseToken[],
): Promise<Verdict> {
  refusePool(client, 'tryToken');
  for (const lease of inOrder(leases)) {
    const { rows } = await client.query(TRY_TOKEN_SQL, valuesOf(lease));
    const [row] = rows as readonly VerdictRow[];
    if (row === undefined) throw new Error('warden.try_token returned nothing');
    if (!row.ok) return refusedBy(row, lease);
  }
  await assertInTransaction(client);
  return { ok: true };
}

function refusedBy(row: VerdictRow, { profileId, token }: LeaseToken): Verdict {
  const kind = kindOf(row.sqlstate);
  if (kind === null)
    throw new Error(`warden.try_token answered ${String(row.sqlstate)}, which is no refusal`);
  return {
    ok: false,
    code: row.sqlstate as RefusalCode,
    kind,
    reason: row.reason ?? 'unknown',
    profileId,
    presentedToken: token,
    knownToken: row.known_token === null ? null : Number(row.known_token),
    message: row.message ?? '',
  };
}

function refusePool(client: FenceClient, name: string): void {
  if (isPool(client)) throw new FenceUsageError('bare-pool', `${name} needs one client`);
}

/** Asked afterwards: before, a BEGIN that the caller did not wait for may still be under way. */
async function assertInTransaction(client: FenceClient): Promise<void> {
  const status = client.getTransactionStatus?.() ?? null;
  if (status === 'I') throw new FenceUsageError('no-transaction');
  if (status !== null) return;
  // An accepted token has locked a row, and who locks a row has a transaction id, until the transaction ends.
  const { rows } = await client.query('select pg_current_xact_id_if_assigned() is null as is_over');
  if ((rows as readonly { is_over: boolean }[])[0]?.is_over !== false)
    throw new FenceUsageError('no-transaction');
}
