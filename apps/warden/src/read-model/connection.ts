import {
  SnapshotCorruptError,
  addressOf,
  isNotThere,
  openPool,
  READ_SCHEMA,
  type Pool,
} from '@profile-warden/postgres';
import { LogReadError } from '@profile-warden/kafka';
import { WardenFailure, failed, messageOf } from '../failure.ts';
import { within } from '../log/deadline.ts';

const STATEMENT_MS_MAX = 8_000;
const CLOSE_MS_MAX = 1_000;

/** The projector's database, as commands ask it. Every failure names the address, never the password. */
export class ReadModelConnection {
  readonly pool: Pool;
  readonly address: string;

  constructor(url: string, maxConnections: number) {
    this.address = addressOf(url);
    this.pool = openPool(url, {
      applicationName: 'warden-cli',
      schema: READ_SCHEMA,
      maxConnections,
      statementTimeoutMs: STATEMENT_MS_MAX,
    });
  }

  async ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      throw explained(error, this.address);
    }
  }

  async close(): Promise<void> {
    await within(this.pool.end(), CLOSE_MS_MAX, () => new Error('late')).catch(() => undefined);
  }
}

/** What an error of the database, or of the log that was read meanwhile, means to a person. */
export const explained = (error: unknown, address: string): Error => {
  if (error instanceof WardenFailure || error instanceof LogReadError) return error;
  if (error instanceof SnapshotCorruptError || error instanceof RangeError)
    return failed('snapshot-unusable', `the read model at ${address}: ${error.message}`, error);
  if (isNotThere(error))
    return failed(
      'read-model-missing',
      `the database at ${address} has no read model in schema ${READ_SCHEMA}: has its projector ever run?`,
      error,
    );
  return failed(
    'database-unreachable',
    `the read model at ${address} does not answer (${messageOf(error)}). Start PostgreSQL, or correct the address.`,
    error,
  );
};
