import type avro from 'avsc';
import { avroType } from './avro.ts';
import { EVENT_TYPES, isEventType, isKeylessEvent, schemaOf } from './catalogue.ts';
import type { EventType } from './catalogue.ts';
import { CodecError } from './error.ts';
import { assertProfileId } from './profile-id.ts';
import type { NewEvent } from './record.ts';
import { eventShape } from './shape.ts';
import type { Shape } from './shape.ts';

/** Who writes, and under which schema ids the registry knows our events. */
export interface EventWriter {
  readonly schemaIds: ReadonlyMap<EventType, number>;
  /** `ce_source`: the service or worker instance. */
  readonly source: string;
  /** W3C trace context, where tracing is on. */
  readonly traceparent?: string;
}

/** A record as a Kafka client takes it. */
export interface EncodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  /** Always set where the key is null. */
  readonly partition?: number;
}

/** In characters; ids are made of a profile id and a few short parts. */
const MAX_EVENT_ID_LENGTH = 256;
const HEADER_BYTES = 5;

interface EventEncoder {
  readonly avro: avro.Type;
  readonly toAvro: Shape;
}

const encoders = new Map<EventType, EventEncoder>(
  EVENT_TYPES.map((type) => [
    type,
    { avro: avroType(schemaOf(type)), toAvro: eventShape(schemaOf(type), 'encode') },
  ]),
);

/** Encoding is synchronous and the result is copied out, so one buffer serves all events that fit. */
const scratch = Buffer.allocUnsafe(65_536);

export function encodeEvent(event: NewEvent, writer: EventWriter): EncodedRecord {
  const type: unknown = event.event.type;
  const encoder = isEventType(type) ? encoders.get(type) : undefined;
  if (!isEventType(type) || encoder === undefined)
    throw new CodecError('unknown-type', `${String(type)} is no event type`);
  const schemaId = writer.schemaIds.get(type);
  if (schemaId === undefined)
    throw new CodecError('schema-id-missing', `${type}: the writer has no schema id for it`);
  return {
    key: keyOf(type, event),
    value: valueOf(encoder, schemaId, event.event),
    headers: headersOf(type, event.id, writer),
    ...(event.partition === undefined ? {} : { partition: event.partition }),
  };
}

function keyOf(type: EventType, { profileId, partition }: NewEvent): Buffer | null {
  if (!isKeylessEvent(type)) {
    if (profileId === null) throw new CodecError('key-missing', `${type}: a profileId is required`);
    assertProfileId(profileId);
    return Buffer.from(profileId, 'utf8');
  }
  if (profileId !== null)
    throw new CodecError('key-forbidden', `${type} is about a partition, but has profileId ${profileId}`);
  if (partition === undefined || !Number.isInteger(partition) || partition < 0)
    throw new CodecError('partition-missing', `${type}: a partition is required, got ${String(partition)}`);
  return null;
}

function valueOf({ avro: type, toAvro }: EventEncoder, schemaId: number, event: unknown): Buffer {
  const body = toAvro(event);
  const end = type.encode(body, scratch, HEADER_BYTES);
  // Negative: it did not fit.
  const value =
    end < 0
      ? Buffer.concat([Buffer.alloc(HEADER_BYTES), type.toBuffer(body)])
      : Buffer.from(scratch.subarray(0, end));
  value[0] = 0;
  value.writeInt32BE(schemaId, 1);
  return value;
}

function headersOf(type: EventType, id: string, writer: EventWriter): Record<string, string> {
  if (id.length === 0 || id.length > MAX_EVENT_ID_LENGTH)
    throw new CodecError(
      id.length === 0 ? 'schema-mismatch' : 'string-too-long',
      `${type}: the event id has ${id.length} characters, 1 to ${MAX_EVENT_ID_LENGTH} are allowed`,
    );
  const headers: Record<string, string> = {
    ce_specversion: '1.0',
    ce_id: id,
    ce_source: writer.source,
    ce_type: type,
  };
  if (writer.traceparent !== undefined) headers['traceparent'] = writer.traceparent;
  return headers;
}
