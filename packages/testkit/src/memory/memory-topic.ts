import {
  CodecError,
  EVENT_TYPES,
  EventDecoder,
  encodeEvent,
  schemaOf,
  type EventType,
  type LogRecord,
  type NewEvent,
  type RawRecord,
  type RecordBody,
} from '@profile-warden/events';
import { MemoryGroup } from './memory-group.ts';
import { MemoryPartition, type Slice } from './memory-partition.ts';
import { murmur2 } from './murmur2.ts';
import { ScriptedNetwork, type Network } from './network.ts';
import { FIRST_WALL_MS, type VirtualClock } from './virtual-clock.ts';

export interface MemoryTopicOptions {
  readonly clock: VirtualClock;
  readonly partitionCount?: number;
  readonly network?: Network;
  /** False: a broker that does not keep a deposed writer out. Default true. */
  readonly fences?: boolean;
  /** Ms without a heartbeat after which a group gives a member's partitions away. Default 10,000. */
  readonly sessionMs?: number;
}

const SCHEMA_IDS: ReadonlyMap<EventType, number> = new Map(EVENT_TYPES.map((type, id) => [type, id]));
/** One for all topics: compiling the readers of all events costs more than a whole run. */
const DECODER = new EventDecoder({
  writerSchema: (id) => {
    const type = EVENT_TYPES[id];
    return type === undefined ? undefined : schemaOf(type);
  },
});
const WRITER = { schemaIds: SCHEMA_IDS, source: 'memory' };

/** An event in the bytes that a broker would be sent. */
export type Sent = ReturnType<typeof encodeEvent> & { readonly partition: number };

/**
 * One topic in memory that behaves as Kafka does where it hurts. Every event goes through the real codec, so no two
 * readers share an object, and what could not be written is refused as it would be.
 */
export class MemoryTopic {
  readonly clock: VirtualClock;
  readonly network: Network;
  readonly partitionCount: number;
  readonly sessionMs: number;
  fences: boolean;
  /** How far the broker's clock is off. */
  brokerSkewMs = 0;
  readonly #partitions: readonly MemoryPartition[];
  readonly #groups = new Map<string, MemoryGroup>();
  readonly #places = new Map<string, number>();

  constructor(options: MemoryTopicOptions) {
    this.clock = options.clock;
    this.network = options.network ?? new ScriptedNetwork();
    this.partitionCount = options.partitionCount ?? 1;
    this.sessionMs = options.sessionMs ?? 10_000;
    this.fences = options.fences ?? true;
    this.#partitions = Array.from({ length: this.partitionCount }, () => new MemoryPartition());
  }

  group(groupId: string): MemoryGroup {
    let group = this.#groups.get(groupId);
    if (group === undefined) {
      group = new MemoryGroup(this.partitionCount, this.sessionMs);
      this.#groups.set(groupId, group);
    }
    return group;
  }

  partition(partition: number): MemoryPartition {
    const found = this.#partitions[partition];
    if (found === undefined) throw new RangeError(`partition ${partition} does not exist`);
    return found;
  }

  /** Everything that committed readers can see from an offset on. */
  committed(partition: number, from = 0): Slice {
    return this.partition(partition).read(from, Infinity);
  }

  /** Where every Kafka client would put it. */
  partitionOf(profileId: string): number {
    let place = this.#places.get(profileId);
    if (place === undefined) {
      place = (murmur2(profileId) & 0x7fffffff) % this.partitionCount;
      this.#places.set(profileId, place);
    }
    return place;
  }

  /** Refuses, before anything is sent, what cannot be written; a codec's refusal is the cause, as with the real one. */
  encodeAll(events: readonly NewEvent[]): Sent[] {
    return events.map((event, index) => {
      try {
        const own = event.profileId === null ? event.partition : this.partitionOf(event.profileId);
        if (own === undefined || own !== (event.partition ?? own))
          throw new RangeError(`${event.event.type} does not belong to partition ${String(event.partition)}`);
        this.partition(own);
        return { ...encodeEvent(event, WRITER), partition: own };
      } catch (cause) {
        if (cause instanceof CodecError) throw new Error(`event ${index}: ${cause.message}`, { cause });
        throw cause;
      }
    });
  }

  /** The record as a reader will see it, stamped with the broker's time. */
  readonly store =
    ({ partition, key, value, headers }: Omit<RawRecord, 'offset' | 'brokerMs'>) =>
    (offset: number): LogRecord => {
      const result = DECODER.decode({ partition, offset, brokerMs: this.#brokerMs, key, value, headers });
      if (result.kind !== 'record') throw new Error(`this topic holds no record that is ${result.kind}`);
      return result.record;
    };

  /** At once and past every fault: what somebody outside the run has written. */
  write(event: NewEvent): number {
    const [sent] = this.encodeAll([event]);
    if (sent === undefined) throw new Error('nothing to write');
    return this.partition(sent.partition).append(this.store(sent));
  }

  /** Bytes of somebody else's making. Throws where a real reader would stop at them. */
  plant(partition: number, record: Pick<RawRecord, 'key' | 'value' | 'headers'>): number {
    return this.partition(partition).append(this.store({ partition, ...record }));
  }

  /** A record as a reader would judge damaged bytes. */
  damage(partition: number, profileId: string | null, event: RecordBody): number {
    const brokerMs = this.#brokerMs;
    return this.partition(partition).append((offset) => ({
      partition,
      offset,
      brokerMs,
      profileId,
      id: '',
      event,
    }));
  }

  get schemaIds(): ReadonlyMap<EventType, number> {
    return SCHEMA_IDS;
  }

  get #brokerMs(): number {
    return FIRST_WALL_MS + Math.floor(this.clock.now()) + this.brokerSkewMs;
  }
}
