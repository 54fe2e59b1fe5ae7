/** For the specs beside this file: an account database as an owner sets it up, and the fence as a projector moves it. */
import { readFile } from 'node:fs/promises';
import { installFence } from '@profile-warden/fence';
import { freshDatabase } from '@profile-warden/testkit/parts';
import pg from 'pg';

export interface AccountDatabase extends AsyncDisposable {
  readonly url: string;
  readonly owner: pg.Client;
  /** As the service has it. */
  readonly pool: pg.Pool;
  /** Where libpq and everything built on it find the database. */
  readonly env: Readonly<Record<string, string>>;
  lease(profileId: string, token: number): Promise<void>;
  balance(profileId: string): Promise<number | undefined>;
}

export async function accountDatabase(): Promise<AccountDatabase> {
  const url = await freshDatabase();
  const { hostname, port, username, password, pathname } = new URL(url);
  const env = {
    PGHOST: hostname,
    PGPORT: port,
    PGUSER: username,
    PGPASSWORD: password,
    PGDATABASE: pathname.slice(1),
    PGOPTIONS: '-c search_path=public',
  };
  const settings = { connectionString: url, options: env.PGOPTIONS };
  const owner = new pg.Client(settings);
  await owner.connect();
  await installFence(owner);
  await owner.query(await readFile(new URL('../schema.sql', import.meta.url), 'utf8'));
  await owner.query('select warden.report_progress(0, 1, 0, 0)');
  const pool = new pg.Pool({ ...settings, max: 4 });
  let offset = 0;
  return {
    url,
    owner,
    pool,
    env,
    lease: async (profileId, token) => {
      offset += 1;
      await owner.query('select warden.advance_fence($1, $2, true, 0, $3)', [profileId, token, offset]);
      await owner.query('begin');
      await owner.query('select warden.require_token($1, $2)', [profileId, token]);
      await owner.query('insert into account values ($1, 100) on conflict do nothing', [profileId]);
      await owner.query('commit');
    },
    balance: async (profileId) => {
      const { rows } = await owner.query<{ balance: number }>(
        'select balance from account where profile_id = $1',
        [profileId],
      );
      return rows[0]?.balance;
    },
    [Symbol.asyncDispose]: async () => {
      await pool.end();
      await owner.end();
    },
  };
}
