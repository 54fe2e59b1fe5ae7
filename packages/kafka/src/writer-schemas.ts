import { schemaOf, type AvroSchema, type EventType } from '@profile-warden/events';
import { detailOf, safeSignal, type OnSignal } from './signal.ts';
import { backoffMs, pause } from './wait.ts';

/** Where the schema of an id can be asked for; `SchemaRegistryClient` is one. */
export interface SchemaSource {
  schemaById(id: number): Promise<AvroSchema>;
}

const RETRY_FIRST_MS = 100;
const RETRY_MAX_MS = 5_000;

/**
 * The schemas that records in the log were written with, by registry id. Our own are known from the start, so the
 * registry may be away; another id, from a newer or older writer, is asked for once and kept.
 */
export class WriterSchemas {
  readonly #byId = new Map<number, AvroSchema>();
  readonly #source: SchemaSource;
  readonly #signal: OnSignal;

  constructor(schemaIds: ReadonlyMap<EventType, number>, source: SchemaSource, onSignal?: OnSignal) {
    for (const [type, id] of schemaIds) this.#byId.set(id, schemaOf(type));
    this.#source = source;
    this.#signal = safeSignal(onSignal);
  }

  get(id: number): AvroSchema | undefined {
    return this.#byId.get(id);
  }

  /**
   * Resolves when the schema is there; only the signal ends it before. A record that nobody can decode yet is
   * never skipped: two services would fold different histories.
   */
  async resolve(schemaId: number, signal: AbortSignal): Promise<void> {
    for (let attempt = 0; !signal.aborted && !this.#byId.has(schemaId); attempt += 1) {
      try {
        this.#byId.set(schemaId, await this.#source.schemaById(schemaId));
        this.#signal({ type: 'schema-resolved', schemaId });
      } catch (error) {
        this.#signal({ type: 'schema-unresolved', schemaId, detail: detailOf(error) });
        await pause(backoffMs(attempt, RETRY_FIRST_MS, RETRY_MAX_MS), signal);
      }
    }
  }
}
