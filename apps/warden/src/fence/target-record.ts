import {
  READ_SCHEMA,
  isNotAllowed,
  loadTargetStates,
  newestTargetChanges,
  recordRetirement,
  type RecordedTargetChange,
} from '@profile-warden/postgres';
import { failed, messageOf } from '../failure.ts';
import { ReadModelConnection } from '../read-model/connection.ts';

/** What the read model has of a fence target. */
export interface TargetRecord {
  /** Undefined where no projector was ever started with it. */
  readonly newest: RecordedTargetChange | undefined;
  /** Projectors that have said within the last minute how it is. */
  readonly servedBy: readonly string[];
}

/** A projector says so every 10 s, and where one that was killed has left its word, it is believed for so long. */
const SERVED_MS_MAX = 60_000;

/** The tables of the projector's database about fence targets. */
export class TargetRecords {
  readonly #connection: ReadModelConnection;

  constructor(url: string) {
    this.#connection = new ReadModelConnection(url, 1);
  }

  read(target: string): Promise<TargetRecord> {
    return this.#ask(async () => {
      const changes = await newestTargetChanges(this.#connection.pool);
      const states = await loadTargetStates(this.#connection.pool);
      const { rows } = await this.#connection.pool.query<{ now: Date }>('select now() as now');
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
      recordRetirement(
        this.#connection.pool,
        { target, address },
        { byWhom, projector: 'warden-cli', reason },
      ),
    );
  }

  close(): Promise<void> {
    return this.#connection.close();
  }

  #ask<T>(question: () => Promise<T>): Promise<T> {
    const { address } = this.#connection;
    return this.#connection.ask(() =>
      question().catch((error: unknown) => {
        if (!isNotAllowed(error)) throw error;
        throw failed(
          'not-allowed',
          `the read model at ${address}: ${messageOf(error)}. The login must be one that may write ` +
            `${READ_SCHEMA}.fence_target_change, such as the projector's`,
          error,
        );
      }),
    );
  }
}
