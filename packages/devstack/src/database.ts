import pg from 'pg';

const CONNECT_BOUND_MS = 5_000;

/** Waiting for the server is the caller's business: one attempt, one answer. */
async function run<T>(url: string, work: (client: pg.Client) => Promise<T>): Promise<T> {
  const client = new pg.Client({ connectionString: url, connectionTimeoutMillis: CONNECT_BOUND_MS });
  // A server that goes away while the client is idle is told by the next query.
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

export function databaseUrl(postgresUrl: string, name: string): string {
  const url = new URL(postgresUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}

export async function postgresAnswers(url: string): Promise<boolean> {
  try {
    await run(url, (client) => client.query('SELECT 1'));
    return true;
  } catch {
    return false;
  }
}

/** Creates a database on the server of `postgresUrl`, empty or a copy of another; answers the URL of the new one. */
export async function createDatabase(postgresUrl: string, name: string, template?: string): Promise<string> {
  await run(postgresUrl, (client) => {
    const from = template === undefined ? '' : ` TEMPLATE ${client.escapeIdentifier(template)}`;
    return client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}${from}`);
  });
  return databaseUrl(postgresUrl, name);
}

/**
 * Makes a database that others are to be copies of, once: `prepare` fills it before it has its name. Whoever comes
 * meanwhile waits. Nobody must stay connected to it.
 */
export async function createTemplate(
  postgresUrl: string,
  name: string,
  prepare: (url: string) => Promise<unknown>,
): Promise<void> {
  await run(postgresUrl, async (client) => {
    await client.query('SELECT pg_advisory_lock(hashtext($1))', [name]);
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount !== 0) return;
    const unfinished = client.escapeIdentifier(`${name}_unfinished`);
    await client.query(`DROP DATABASE IF EXISTS ${unfinished}`);
    await client.query(`CREATE DATABASE ${unfinished}`);
    await prepare(databaseUrl(postgresUrl, `${name}_unfinished`));
    await client.query(`ALTER DATABASE ${unfinished} RENAME TO ${client.escapeIdentifier(name)}`);
  });
}

export async function createDatabaseIfMissing(postgresUrl: string, name: string): Promise<string> {
  await run(postgresUrl, async (client) => {
    const { rowCount } = await client.query('SELECT 1 FROM pg_database WHERE datname = $1', [name]);
    if (rowCount === 0) await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  });
  return databaseUrl(postgresUrl, name);
}
