import {
  READ_SCHEMA,
  addressOf,
  loadTargetStates,
  newestTargetChanges,
  openPool,
  recordRetirement,
  type RecordedTargetChange,
} from '@profile-warden/postgres';
import { failed, messageOf } from '../failure.ts';
import { within } from '../log/deadline.ts';
import { explained } from '../read-model/read-model.ts';

/** What the read model has of a fence target. */
export interface TargetRecord {
  /** Undefined where no projector was ever started with it. */
  readonly newest: RecordedTargetChange | undefined;
  /** Projectors that have said within the last minute how it is. */
  readonly servedBy: readonly string[];
}

const STATEMENT_MS_MAX = 8_000;
/** A projector says so every 10 s, and where one that was killed has left its word, it is believed for so long. */
const SERVED_MS_MAX = 60_000;

/** The tables of the projector's database about fence targets. Every failure names the address, never the password. */
export class TargetRecords {
  readonly #pool;
  readonly #address: string;

  constructor(url: string) {
    this.#address = addressOf(url);
    this.#pool = openPool(url, {
      applicationName: 'warden-cli',
      schema: READ_SCHEMA,
      maxConnections: 1,
      statementTimeoutMs: STATEMENT_MS_MAX,
    });
  }

  read(target: string): Promise<TargetRecord> {
    return this.#ask(async () => {
      const changes = await newestTargetChanges(this.#pool);
      const states = await loadTargetStates(this.#pool);
      const { rows } = await this.#pool.query<{ now: Date }>('select now() as now');
      const since = (rows[0]?.now.getTime() ?? Date.now()) - SERVED_MS_MAX;
      return {
        newest: changes.find((change) => change.target === target),
        servedBy: states
          .filter((state) => state.target === target && state.seenAt.getTime() >= since)
          .map(({ projector }) => projector),
      };
    });
  }

  retire(target: string, address: string, byWhom: string, reason: string): Promise<void> {
    return this.#ask(() =>
      recordRetirement(this.#pool, { target, address }, { byWhom, projector: 'warden-cli', reason }),
    );
  }

  async close(): Promise<void> {
    await within(this.#pool.end(), 1_000, () => new Error('late')).catch(() => undefined);
  }

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      return await question();
    } catch (error) {
      if ((error as { code?: unknown }).code === '42501')
        throw failed(
          'not-allowed',
          `the read model at ${this.#address}: ${messageOf(error)}. The login must be one that may write ` +
            `${READ_SCHEMA}.fence_target_change, such as the projector's`,
          error,
        );
      throw explained(error, this.#address);
    }
  }
}
