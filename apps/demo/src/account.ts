import { FenceRefusedError, requireToken } from '@profile-warden/fence';
import { inTransaction, openPool, type Pool } from '@profile-warden/postgres';

export type WriteResult = 'written' | { readonly refused: string };

const RETRIES_MAX = 40;
const RETRY_MS = 100;

/** A service that writes accounts, and asks the fence first, in the same transaction. */
export class AccountService {
  readonly #pool: Pool;

  private constructor(pool: Pool) {
    this.#pool = pool;
  }

  static async open(url: string): Promise<AccountService> {
    const pool = openPool(url, { applicationName: 'demo-account-service' });
    await pool.query(
      'create table if not exists account (profile_id text primary key, orders int not null, last_token bigint not null)',
    );
    return new AccountService(pool);
  }

  /** One order for the account behind the profile, if the token still stands. */
  async write(profileId: string, token: number): Promise<WriteResult> {
    for (let attempt = 1; ; attempt += 1) {
      try {
        await inTransaction(this.#pool, async (client) => {
          await requireToken(client, { profileId, token });
          await client.query(
            'insert into account values ($1, 1, $2) on conflict (profile_id) do update set orders = account.orders + 1, last_token = $2',
            [profileId, token],
          );
        });
        return 'written';
      } catch (error) {
        if (!(error instanceof FenceRefusedError)) throw error;
        if (error.kind !== 'retry' || attempt >= RETRIES_MAX) return { refused: error.code };
        await new Promise((resolve) => setTimeout(resolve, RETRY_MS));
      }
    }
  }

  close(): Promise<void> {
    return this.#pool.end();
  }
}
