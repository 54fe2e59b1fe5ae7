import { emptyPartition, type FoldedRecord, foldRecord, type PartitionState } from '@profile-warden/domain';
import {
  EVENT_TYPES,
  type EventType,
  type LogRange,
  type LogRecord,
  type NewEvent,
} from '@profile-warden/events';
import {
  KafkaAppender,
  KafkaSetupError,
  LogReadError,
  SchemaRegistryClient,
  WriterSchemas,
  checkTopic,
  rangeOf,
  readPartition,
  type KafkaConnection,
} from '@profile-warden/kafka';
import { failed, messageOf } from '../failure.ts';
import type { LogSettings } from '../settings.ts';
import { within } from './deadline.ts';

/** A partition folded to the end it had when the scan began, and where to go on. */
export interface PartitionFold {
  readonly state: PartitionState;
  readonly range: LogRange;
  /** Position in the log, transaction markers included. */
  nextOffset: number;
}

export interface FoldOptions {
  /** Go on from here. Default: the first record of the log, which must then be the first ever. */
  readonly begin?: PartitionState;
  /** Fold from wherever the log begins. What is found then lacks what came before. */
  readonly mayBeCut?: boolean;
  readonly onFolded?: (step: FoldedRecord) => void;
}

const SOURCE = 'warden-cli';
/** No answer of a broker or the registry for so long: the command fails rather than waits. */
const OPEN_MS_MAX = 12_000;
const REGISTRY_CALL_MS_MAX = 5_000;
const REGISTRY_LANES = 4;
/** More than the 20 s for which the transaction of a writer that died can hold the end of a partition back. */
const SCAN_STALLED_MS = 25_000;
const APPEND_MS_MAX = 12_000;

/** The log, as a command reads it and writes to it. */
export class WardenLog {
  readonly #settings: LogSettings;
  readonly #connection: KafkaConnection;
  readonly #registry: SchemaRegistryClient;
  readonly #schemaIds: ReadonlyMap<EventType, number>;
  readonly #schemas: WriterSchemas;
  #unresolved: string | null = null;

  /** Checks topic and schemas first. Fails within about 12 s where broker or registry do not answer. */
  static async open(settings: LogSettings): Promise<WardenLog> {
    const { brokers, security, registryUrl, topic, partitionCount } = settings;
    const connection: KafkaConnection = { brokers, ...security, clientId: SOURCE };
    const registry = new SchemaRegistryClient({
      url: registryUrl,
      clientId: SOURCE,
      callMsMax: REGISTRY_CALL_MS_MAX,
    });
    try {
      const [, schemaIds] = await Promise.all([
        within(
          checkTopic(connection, { topic, partitionCount }).catch((error: unknown) => {
            throw error instanceof KafkaSetupError ? error : brokersSilent(brokers, messageOf(error));
          }),
          OPEN_MS_MAX,
          () => brokersSilent(brokers, `nothing within ${OPEN_MS_MAX} ms`),
        ),
        within(schemaIdsOf(registry), OPEN_MS_MAX, () =>
          failed(
            'registry-timeout',
            `no answer from the registry at ${registryUrl} within ${OPEN_MS_MAX} ms`,
          ),
        ),
      ]);
      return new WardenLog(settings, connection, registry, schemaIds);
    } catch (error) {
      registry.close();
      throw error;
    }
  }

  private constructor(
    settings: LogSettings,
    connection: KafkaConnection,
    registry: SchemaRegistryClient,
    schemaIds: ReadonlyMap<EventType, number>,
  ) {
    this.#settings = settings;
    this.#connection = connection;
    this.#registry = registry;
    this.#schemaIds = schemaIds;
    this.#schemas = new WriterSchemas(schemaIds, registry, (signal) => {
      if (signal.type === 'schema-unresolved')
        this.#unresolved = `schema ${signal.schemaId} of a record cannot be had from ${settings.registryUrl}: ${signal.detail}`;
    });
  }

  get partitionCount(): number {
    return this.#settings.partitionCount;
  }

  async fold(partition: number, options: FoldOptions = {}): Promise<PartitionFold> {
    const { begin, mayBeCut = false, onFolded } = options;
    const state = begin ?? emptyPartition(partition);
    const from = begin !== undefined ? begin.nextOffset : mayBeCut ? undefined : 0;
    const { range, nextOffset } = await this.#read(partition, { from, onRecord: folding(state, onFolded) });
    return { state, range, nextOffset };
  }

  /** First offset and end of a partition, as of now. */
  async range(partition: number): Promise<LogRange> {
    const { topic, partitionCount, brokers } = this.#settings;
    return within(
      rangeOf({ connection: this.#connection, topic, partitionCount, partition }),
      OPEN_MS_MAX,
      () => brokersSilent(brokers, `nothing within ${OPEN_MS_MAX} ms`),
    );
  }

  /** Each record from one offset to another, and where that ends. Folds nothing. */
  async records(
    partition: number,
    range: { readonly from: number; readonly to: number },
    onRecord: (record: LogRecord) => void,
  ): Promise<number> {
    if (range.from >= range.to) return range.from;
    return (await this.#read(partition, { ...range, onRecord })).nextOffset;
  }

  /** Goes on up to and including the offset; fails where it does not come within the bound. */
  async foldTo(
    fold: PartitionFold,
    offset: number,
    options: { readonly msMax: number; readonly onFolded: (step: FoldedRecord) => void },
  ): Promise<void> {
    const { msMax, onFolded } = options;
    const onRecord = folding(fold.state, onFolded);
    const reading = { from: fold.nextOffset, to: offset + 1, onRecord, stalledMsMax: msMax };
    fold.nextOffset = (await this.#read(fold.state.partition, reading)).nextOffset;
  }

  /** Resolves with the offset of each event, in order, once all in-sync replicas have it. */
  async append(events: readonly NewEvent[]): Promise<readonly number[]> {
    const { topic, partitionCount, brokers } = this.#settings;
    const appender = new KafkaAppender({
      connection: this.#connection,
      topic,
      partitionCount,
      schemaIds: this.#schemaIds,
      source: SOURCE,
    });
    try {
      return await within(appender.append(events), APPEND_MS_MAX, () =>
        failed(
          'append-unknown',
          `no answer from the brokers at ${brokers.join(', ')}: look at the log before you try again, the record ` +
            'may be there',
        ),
      );
    } finally {
      await within(appender.close(), 1_000, () => new Error('late')).catch(() => undefined);
    }
  }

  close(): void {
    this.#registry.close();
  }

  async #read(
    partition: number,
    reading: {
      readonly from: number | undefined;
      readonly to?: number;
      readonly stalledMsMax?: number;
      readonly onRecord: (record: LogRecord) => void;
    },
  ): Promise<{ range: LogRange; nextOffset: number }> {
    const { topic, partitionCount, brokers } = this.#settings;
    const { from, to, stalledMsMax = SCAN_STALLED_MS, onRecord } = reading;
    try {
      return await readPartition({
        connection: this.#connection,
        topic,
        partitionCount,
        schemas: this.#schemas,
        partition,
        ...(from === undefined ? {} : { from }),
        ...(to === undefined ? {} : { to }),
        stalledMsMax,
        onRecord,
      });
    } catch (error) {
      if (!(error instanceof LogReadError) || error.code !== 'scan-stalled') throw error;
      throw failed(
        this.#unresolved === null ? 'scan-stalled' : 'schema-unresolved',
        this.#unresolved ?? `the log at ${brokers.join(', ')} stands still: ${messageOf(error)}`,
        error,
      );
    }
  }
}

const folding =
  (state: PartitionState, onFolded: ((step: FoldedRecord) => void) | undefined) =>
  (record: LogRecord): void => {
    const step = foldRecord(state, record);
    onFolded?.(step);
  };

const brokersSilent = (brokers: readonly string[], detail: string): Error =>
  failed('broker-unreachable', `no answer from the brokers at ${brokers.join(', ')} (${detail})`);

/** A command does not wait for a registry to come back as a service does, and has no time for one question after another. */
const schemaIdsOf = async (registry: SchemaRegistryClient): Promise<ReadonlyMap<EventType, number>> => {
  const ids = new Map<EventType, number>();
  const left = [...EVENT_TYPES];
  const lane = async (): Promise<void> => {
    for (let type = left.pop(); type !== undefined; type = left.pop())
      ids.set(type, await registry.idOf(type));
  };
  await Promise.all(Array.from({ length: REGISTRY_LANES }, lane));
  return ids;
};
