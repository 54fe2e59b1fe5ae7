import { mkdir, readFile, rename, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { EVENT_TYPES, schemaOf, type AvroSchema, type EventType } from '@profile-warden/events';
import { KafkaSetupError } from './setup-error.ts';
import { detailOf } from './signal.ts';
import type { SchemaSource } from './writer-schemas.ts';

/** What is asked of the registry; `SchemaRegistryClient` is one. */
export interface SchemaIdSource extends SchemaSource {
  schemaIds(waitMs?: number): Promise<ReadonlyMap<EventType, number>>;
}

export interface KeptSchemasOptions {
  readonly registry: SchemaIdSource;
  /** Where they are kept; null keeps none, and then everything is asked of the registry. */
  readonly path: string | null;
  /** What the ids belong to, such as registry and Kafka cluster: a file that was kept of another one is not used. */
  readonly origin: string;
  /** One line where the file is used, or cannot be read or written. */
  readonly onNotice?: (line: string) => void;
}

/** A registry gives few ids; a file that grows beyond this is no registry's. */
const KEPT_MAX = 1_000;

/**
 * Schemas by their ids, on disk beside what the registry tells: an id never changes its schema, so what was learned once
 * holds without the registry, and a process that starts while the registry is away goes on with it.
 */
export class KeptSchemas implements SchemaSource {
  readonly #options: KeptSchemasOptions;
  readonly #byId: Map<number, AvroSchema>;
  #writing: Promise<void> = Promise.resolve();

  private constructor(options: KeptSchemasOptions, byId: Map<number, AvroSchema>) {
    this.#options = options;
    this.#byId = byId;
  }

  static async open(options: KeptSchemasOptions): Promise<KeptSchemas> {
    return new KeptSchemas(options, await readKept(options));
  }

  /**
   * Ids of all our schemas: the registry's word, or where that does not answer, what was kept of it. Asks once.
   *
   * @throws KafkaSetupError where neither has them all.
   */
  async schemaIds(): Promise<ReadonlyMap<EventType, number>> {
    const { registry, path, onNotice } = this.#options;
    try {
      const ids = await registry.schemaIds(0);
      await this.#keep([...ids].map(([type, id]) => [id, schemaOf(type)]));
      return ids;
    } catch (error) {
      const kept = this.#keptIds();
      if (!(error instanceof KafkaSetupError && error.isTransient) || kept === undefined) throw error;
      onNotice?.(`the registry does not answer (${error.message}), the ids in ${path ?? ''} are used`);
      return kept;
    }
  }

  async schemaById(id: number): Promise<AvroSchema> {
    const kept = this.#byId.get(id);
    if (kept !== undefined) return kept;
    const schema = await this.#options.registry.schemaById(id);
    await this.#keep([[id, schema]]);
    return schema;
  }

  /** Undefined where one of ours, to the letter, is not among them. */
  #keptIds(): ReadonlyMap<EventType, number> | undefined {
    const idsByText = new Map([...this.#byId].map(([id, schema]) => [JSON.stringify(schema), id]));
    const ids = new Map<EventType, number>();
    for (const type of EVENT_TYPES) {
      const id = idsByText.get(JSON.stringify(schemaOf(type)));
      if (id === undefined) return undefined;
      ids.set(type, id);
    }
    return ids;
  }

  async #keep(learned: readonly (readonly [number, AvroSchema])[]): Promise<void> {
    if (this.#options.path === null) return;
    const isNew = ([id, schema]: readonly [number, AvroSchema]): boolean =>
      JSON.stringify(this.#byId.get(id)) !== JSON.stringify(schema);
    const news = learned.filter(isNew);
    if (news.length === 0 || this.#byId.size + news.length > KEPT_MAX) return;
    for (const [id, schema] of news) this.#byId.set(id, schema);
    this.#writing = this.#writing.then(() => this.#write(this.#options.path ?? ''));
    await this.#writing;
  }

  /** Renamed into place: several processes of a host may share the file, and none may read half of it. */
  async #write(path: string): Promise<void> {
    const text = JSON.stringify({ origin: this.#options.origin, schemas: Object.fromEntries(this.#byId) });
    const beside = `${path}.${process.pid}`;
    try {
      await mkdir(dirname(path), { recursive: true });
      await writeFile(beside, text);
      await rename(beside, path);
    } catch (error) {
      this.#options.onNotice?.(`schemas cannot be kept in ${path}: ${detailOf(error)}`);
    }
  }
}

const readKept = async ({ path, origin, onNotice }: KeptSchemasOptions): Promise<Map<number, AvroSchema>> => {
  if (path === null) return new Map();
  try {
    const text = await readFile(path, 'utf8');
    const kept = JSON.parse(text) as { origin: string; schemas: Record<string, AvroSchema> };
    if (kept.origin === origin)
      return new Map(Object.entries(kept.schemas).map(([id, schema]) => [Number(id), schema]));
    onNotice?.(`${path} was kept of ${kept.origin}, not of ${origin}: it is not used`);
  } catch (error) {
    if ((error as { code?: string }).code !== 'ENOENT')
      onNotice?.(`${path} cannot be read: ${detailOf(error)}`);
  }
  return new Map();
};
