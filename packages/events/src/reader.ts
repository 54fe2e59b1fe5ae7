import type avro from 'avsc';
import { avroType } from './avro.ts';
import { EVENT_TYPES, schemaOf, subjectOf } from './catalogue.ts';
import type { EventType, WardenEvent } from './catalogue.ts';
import type { AvroSchema } from './schema.ts';
import { eventShape } from './shape.ts';
import type { Shape } from './shape.ts';

const HEADER_BYTES = 5;

interface TodaysEvent {
  readonly type: EventType;
  readonly avro: avro.Type;
  readonly fromAvro: Shape;
}

const todays = new Map<string, TodaysEvent>(
  EVENT_TYPES.map((type) => [
    subjectOf(type),
    { type, avro: avroType(schemaOf(type)), fromAvro: eventShape(schemaOf(type), 'decode') },
  ]),
);

/** Reads the records of one writer schema into today's shape of the event. */
export interface EventReader {
  /** The event that the schema describes; undefined where it is none of ours, or not in a way we can read. */
  readonly type: EventType | undefined;
  /** Why `type` is undefined. */
  readonly flaw?: string;
  /** The type as bytes: comparing a `ce_type` with them is cheaper than reading it as text. */
  readonly typeBytes: Buffer;
  /** Throws on anything but a whole, sound body behind the Confluent header. */
  read(value: Buffer): WardenEvent;
}

/** To be called once per schema id: resolving a writer schema costs more than reading a thousand records with it. */
export function eventReader(schema: AvroSchema): EventReader {
  try {
    return compile(schema);
  } catch (cause) {
    return refusing(
      `the writer's schema cannot be read: ${cause instanceof Error ? cause.message : String(cause)}`,
    );
  }
}

function compile(schema: AvroSchema): EventReader {
  const writer = avroType(schema);
  const today = todays.get(writer.name ?? '');
  if (today === undefined) return refusing(`the schema describes ${writer.name ?? 'no record'}`);
  const { type, avro: reader, fromAvro } = today;
  const resolver = reader.equals(writer) ? undefined : reader.createResolver(writer);
  return {
    type,
    typeBytes: Buffer.from(type),
    read(value) {
      const body = reader.decode(value, HEADER_BYTES, resolver);
      if (body.offset !== value.length)
        throw new Error(body.offset < 0 ? 'the body is cut short' : 'bytes follow the body');
      return fromAvro(body.value) as WardenEvent;
    },
  };
}

const refusing = (flaw: string): EventReader => ({
  type: undefined,
  flaw,
  typeBytes: Buffer.alloc(0),
  read: () => {
    throw new Error(flaw);
  },
});
