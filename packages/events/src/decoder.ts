import { isUtf8 } from 'node:buffer';
import { isAuthorityEvent, isEventType, isKeylessEvent } from './catalogue.ts';
import type { EventType } from './catalogue.ts';
import { profileIdFlaw } from './profile-id.ts';
import { eventReader } from './reader.ts';
import type { EventReader } from './reader.ts';
import type { LogRecord, RecordBody } from './record.ts';
import type { AvroSchema } from './schema.ts';

export type HeaderValue = Buffer | string;
export type RawHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;

/** A record as a Kafka client hands it out. */
export interface RawRecord {
  readonly partition: number;
  readonly offset: number;
  /** Append time by the broker, epoch ms. */
  readonly brokerMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RawHeaders;
}

export type DecodeResult =
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** The writer's schema is not known yet: fetch it from the registry and decode again. Never skip the record. */
  | { readonly kind: 'unresolved'; readonly schemaId: number }
  /** An authority event that cannot be read: going on could issue a token twice. */
  | { readonly kind: 'fatal'; readonly detail: string };

export interface DecoderOptions {
  /** Schema of a registry id, or undefined while it is not known. Asked once per id that it knows. */
  writerSchema(id: number): AvroSchema | undefined;
}

/**
 * Reads the log. A record is judged from outside in: bytes that show it to be none of ours make it foreign; then its
 * schema is resolved; then its body is read, where a flaw makes it undecodable, or fatal if an authority wrote it.
 * Equal bytes give equal results in every service, which is why no other place may judge a record.
 */
export class EventDecoder {
  readonly #options: DecoderOptions;
  readonly #readers = new Map<number, EventReader>();

  constructor(options: DecoderOptions) {
    this.#options = options;
  }

  decode(raw: RawRecord): DecodeResult {
    const { value } = raw;
    if (value === null) return foreign(raw, 'no value');
    if (value.length < 5 || value[0] !== 0) return foreign(raw, 'no Confluent header');
    const schemaId = value.readInt32BE(1);
    const known = this.#readers.get(schemaId);
    const type = claimedType(raw.headers['ce_type'], known);
    if (type === undefined) return foreign(raw, `ce_type is ${shown(raw.headers['ce_type'])}`);
    const profileId = raw.key === null ? null : keyText(raw.key);
    if (profileId === undefined) return foreign(raw, `${type}: profile-id-not-utf8`);
    const keyFlaw = flawOfKey(profileId, type);
    if (keyFlaw !== null) return foreign(raw, `${type}: ${keyFlaw}`);
    const reader = known ?? this.#resolve(schemaId);
    if (reader === undefined) return { kind: 'unresolved', schemaId };
    try {
      if (reader.type !== type) throw new Error(reader.flaw ?? `the schema describes ${String(reader.type)}`);
      return record(raw, profileId, text(raw.headers['ce_id']) ?? '', reader.read(value));
    } catch (cause) {
      const detail = `${type} of schema ${schemaId}: ${cause instanceof Error ? cause.message : String(cause)}`;
      if (isAuthorityEvent(type)) return { kind: 'fatal', detail };
      const id = text(raw.headers['ce_id']) ?? '';
      return record(raw, profileId, id, { type: 'undecodable', claimedType: type, detail });
    }
  }

  #resolve(schemaId: number): EventReader | undefined {
    const schema = this.#options.writerSchema(schemaId);
    if (schema === undefined) return undefined;
    const reader = eventReader(schema);
    this.#readers.set(schemaId, reader);
    return reader;
  }
}

function record(raw: RawRecord, profileId: string | null, id: string, event: RecordBody): DecodeResult {
  const { partition, offset, brokerMs } = raw;
  return { kind: 'record', record: { partition, offset, brokerMs, profileId, id, event } };
}

/** About nobody and without id: nothing in such a record is to be trusted. */
const foreign = (raw: RawRecord, detail: string): DecodeResult =>
  record(raw, null, '', { type: 'foreign', detail });

type Header = RawHeaders[string];

/** The first value counts where a header is repeated. */
function text(header: Header): string | undefined {
  const first = Array.isArray(header)
    ? (header as readonly HeaderValue[])[0]
    : (header as HeaderValue | undefined);
  return typeof first === 'string' ? first : first?.toString('utf8');
}

/** Nearly always the header names the event that the schema describes: then no text needs to be made of it. */
function claimedType(header: Header, known: EventReader | undefined): EventType | undefined {
  if (known?.type !== undefined && header instanceof Buffer && known.typeBytes.equals(header))
    return known.type;
  const type = text(header);
  return isEventType(type) ? type : undefined;
}

const shown = (header: Header): string => JSON.stringify(text(header)?.slice(0, 64) ?? null);

/** Undefined where the bytes are no UTF-8: replacing them would merge the keys of different profiles. */
const keyText = (key: Buffer): string | undefined => (isUtf8(key) ? key.toString('utf8') : undefined);

function flawOfKey(profileId: string | null, type: EventType): string | null {
  if (isKeylessEvent(type)) return profileId === null ? null : 'has a key, but is about a partition';
  return profileId === null ? 'has no key' : profileIdFlaw(profileId);
}
