import { fileURLToPath } from 'node:url';
import { runner } from 'node-pg-migrate';

export interface MigrateOptions {
  /** Schema of the read model. Default `warden_read`. */
  readonly schema?: string;
  /** Longest wait for another process that migrates, in ms. Default 60,000. */
  readonly lockTimeoutMs?: number;
  readonly onLog?: (line: string) => void;
}

export const READ_SCHEMA = 'warden_read';

const MIGRATIONS = fileURLToPath(new URL('../migrations', import.meta.url));

/**
 * Brings the read model to the newest schema, all steps in one transaction. Several processes may call it at once: an
 * advisory lock lets one of them work, the others then find nothing to do. Returns the names of what was applied.
 */
export async function migrate(url: string, options: MigrateOptions = {}): Promise<readonly string[]> {
  const schema = options.schema ?? READ_SCHEMA;
  const log = options.onLog ?? ((): void => undefined);
  const applied = await runner({
    databaseUrl: {
      connectionString: url,
      application_name: 'warden-migrate',
      connectionTimeoutMillis: 5_000,
      // Bounds the wait for the advisory lock as well.
      lock_timeout: options.lockTimeoutMs ?? 60_000,
    },
    dir: MIGRATIONS,
    direction: 'up',
    schema,
    createSchema: true,
    migrationsSchema: schema,
    migrationsTable: 'migration',
    advisoryLockMode: 'wait',
    singleTransaction: true,
    checkOrder: true,
    log,
  });
  return applied.map(({ name }) => name);
}
