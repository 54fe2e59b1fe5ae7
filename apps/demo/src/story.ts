import {
  emptyPartition,
  evolve,
  type Case,
  type Folded,
  type Policy,
  type PartitionState,
} from '@profile-warden/domain';
import type { EventOf, EventType, LogRecord, RecordBody } from '@profile-warden/events';
import { KafkaLogReader, type KafkaConnection, type WriterSchemas } from '@profile-warden/kafka';

export interface Told {
  readonly record: LogRecord;
  readonly folded: Folded;
  readonly logMs: number;
}

export interface StoryOptions {
  readonly connection: KafkaConnection;
  readonly topic: string;
  readonly partitionCount: number;
  readonly schemas: WriterSchemas;
  readonly onTold?: (told: Told) => void;
}

const isOfType = <K extends EventType>(event: RecordBody, type: K): event is EventOf<K> & RecordBody =>
  event.type === type;

/** Reads the whole topic as any service does, and lets a scene wait for what the log has to say. */
export class Story {
  readonly #reader: KafkaLogReader;
  readonly #options: StoryOptions;
  readonly #partitions = new Map<number, PartitionState>();
  readonly #records: Told[] = [];
  readonly #watchers = new Set<() => void>();

  constructor(options: StoryOptions) {
    this.#options = options;
    this.#reader = new KafkaLogReader({
      ...options,
      assignment: { partitions: Array.from({ length: options.partitionCount }, (_, partition) => partition) },
    });
  }

  async start(): Promise<void> {
    await this.#reader.start({
      assigned: (partition) => {
        this.#partitions.set(partition, emptyPartition(partition));
        return Promise.resolve({ from: 0 });
      },
      revoked: () => undefined,
      records: (partition, records) => {
        for (const record of records) this.#fold(partition, record);
        for (const look of [...this.#watchers]) look();
        return Promise.resolve();
      },
    });
  }

  stop(): Promise<void> {
    return this.#reader.stop();
  }

  /** The profile with its partition, as the duties of the services are computed from them. */
  caseOf(profileId: string, policy: Policy): Case | null {
    for (const state of this.#partitions.values()) {
      const profile = state.profiles.get(profileId);
      if (profile !== undefined) return { state, profile, policy };
    }
    return null;
  }

  /** Everything told of a profile so far, in log order. */
  of(profileId: string): readonly Told[] {
    return this.#records.filter(({ record }) => record.profileId === profileId);
  }

  /** The first event of this type about the profile that was applied. */
  find<K extends EventType>(
    profileId: string,
    type: K,
    matches: (event: EventOf<K>) => boolean = () => true,
  ): { readonly event: EventOf<K>; readonly offset: number } | null {
    for (const { record, folded } of this.of(profileId)) {
      if (folded !== 'applied' && folded !== 'beat') continue;
      if (isOfType(record.event, type) && matches(record.event))
        return { event: record.event, offset: record.offset };
    }
    return null;
  }

  async event<K extends EventType>(
    profileId: string,
    type: K,
    boundMs: number,
    matches?: (event: EventOf<K>) => boolean,
  ): Promise<{ readonly event: EventOf<K>; readonly offset: number }> {
    return this.until(`${type} of ${profileId}`, boundMs, () => this.find(profileId, type, matches));
  }

  /** Waits until the look gives something; asked again after every batch read. Rejects after the bound. */
  until<T>(what: string, boundMs: number, look: () => T | null | false | undefined): Promise<T> {
    return new Promise((resolve, reject) => {
      const attempt = (): void => {
        const found = look();
        if (found === null || found === undefined || found === false) return;
        end();
        resolve(found);
      };
      const timer = setTimeout(() => {
        end();
        reject(new Error(`waited ${boundMs} ms in vain for ${what}`));
      }, boundMs);
      const end = (): void => {
        clearTimeout(timer);
        this.#watchers.delete(attempt);
      };
      this.#watchers.add(attempt);
      attempt();
    });
  }

  #fold(partition: number, record: LogRecord): void {
    const state = this.#partitions.get(partition);
    if (state === undefined) return;
    const folded = evolve(state, record);
    const told = { record, folded, logMs: state.logMs };
    if (record.profileId !== null) this.#records.push(told);
    this.#options.onTold?.(told);
  }
}
