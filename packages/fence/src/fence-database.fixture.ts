/** For the specs beside this file: a database with the fence, caught up, and connections to it. */
import { freshDatabase } from '@profile-warden/testkit/parts';
import pg from 'pg';
import { installFence } from './install.ts';

export interface FenceDatabase extends AsyncDisposable {
  readonly url: string;
  /** A connection of its own, closed with the database. */
  connect(): Promise<pg.Client>;
  readonly projector: pg.Client;
}

export async function fenceDatabase(options: { caughtUp?: boolean } = {}): Promise<FenceDatabase> {
  const url = await freshDatabase();
  const clients: pg.Client[] = [];
  const connect = async (): Promise<pg.Client> => {
    const client = new pg.Client({ connectionString: url, application_name: `spec-${clients.length}` });
    client.on('error', () => undefined);
    await client.connect();
    clients.push(client);
    return client;
  };
  const projector = await connect();
  await installFence(projector);
  if (options.caughtUp !== false) await projector.query('select warden.report_progress(0, 1, 0, 0)');
  return {
    url,
    connect,
    projector,
    [Symbol.asyncDispose]: async () => {
      await Promise.all(clients.map((client) => client.end()));
    },
  };
}

export const grant = (
  client: pg.Client,
  profileId: string,
  token: number,
  offset: number,
): Promise<unknown> =>
  client.query('select warden.advance_fence($1, $2, true, 0, $3)', [profileId, token, offset]);

export const end = (client: pg.Client, profileId: string, token: number, offset: number): Promise<unknown> =>
  client.query('select warden.advance_fence($1, $2, false, 0, $3)', [profileId, token, offset]);

export const mark = (client: pg.Client, profileId: string, token: number, offset: number): Promise<unknown> =>
  client.query('select warden.mark_revoked($1, $2, $3)', [profileId, token, offset]);

export const raise = (
  client: pg.Client,
  profileId: string,
  token: number,
  offset: number,
): Promise<unknown> => client.query('select warden.raise_fence($1, $2, 0, $3)', [profileId, token, offset]);
