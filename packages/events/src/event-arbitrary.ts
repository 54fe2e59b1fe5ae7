/** Random events for tests, as their schemas allow them. */
import fc from 'fast-check';
import { isKeylessEvent, schemaOf } from './catalogue.ts';
import type { EventType, WardenEvent } from './catalogue.ts';
import type { NewEvent } from './record.ts';
import type { AvroEnum, AvroField, AvroSchema, AvroType } from './schema.ts';
import { MAX_LONG, MAX_OFFSET, MIN_EPOCH, MIN_LONG, OFFSET_FIELD, maxItems, maxLength } from './shape.ts';
import { MAX_TOKEN } from './token.ts';

type Named = Map<string, AvroSchema | AvroEnum>;

const boundedString = (max: number): fc.Arbitrary<string> =>
  fc
    .string({ unit: 'grapheme', maxLength: Math.min(max, 40) })
    .map((text) => text.slice(0, max).toWellFormed());

function valueOf(type: AvroType, field: AvroField, named: Named): fc.Arbitrary<unknown> {
  const doc = field.doc ?? '';
  if (typeof type === 'string') {
    const known = named.get(type);
    return known === undefined ? primitive(type, field) : valueOf(known, field, named);
  }
  if ('length' in type) return fc.option(valueOf(type[1], field, named), { nil: null });
  if (type.type === 'array')
    return fc.array(valueOf(type.items, field, named), { maxLength: Math.min(maxItems(doc), 5) });
  named.set(type.name, type);
  return type.type === 'record'
    ? recordOf(type, named)
    : fc.constantFrom(...type.symbols.map((symbol) => symbol.replaceAll('_', '-')));
}

function primitive(type: string, { name, doc }: AvroField): fc.Arbitrary<unknown> {
  if (type === 'string') return boundedString(maxLength(doc ?? ''));
  if (type === 'boolean') return fc.boolean();
  if (type === 'int') return fc.integer();
  if (/^token$|Token$/.test(name)) return fc.integer({ min: 1, max: MAX_TOKEN });
  if (OFFSET_FIELD.test(name)) return fc.integer({ min: name === 'epoch' ? MIN_EPOCH : 0, max: MAX_OFFSET });
  return fc.integer({ min: MIN_LONG, max: MAX_LONG });
}

const recordOf = ({ fields }: AvroSchema, named: Named): fc.Arbitrary<object> =>
  fc.record(Object.fromEntries(fields.map((field) => [field.name, valueOf(field.type, field, named)])), {
    noNullPrototype: true,
  });

const arbitraryEvent = (type: EventType): fc.Arbitrary<WardenEvent> =>
  recordOf(schemaOf(type), new Map()).map((payload) => ({ type, ...payload }) as WardenEvent);

const arbitraryProfileId: fc.Arbitrary<string> = fc
  .string({ unit: 'grapheme', minLength: 1, maxLength: 60 })
  .map((text) => text.slice(0, 128).toWellFormed())
  .filter((text) => !/\p{Cc}/u.test(text));

export function arbitraryNewEvent(type: EventType): fc.Arbitrary<NewEvent> {
  const place = isKeylessEvent(type)
    ? fc.record({ profileId: fc.constant(null), partition: fc.nat({ max: 63 }) })
    : fc.record({ profileId: arbitraryProfileId });
  return fc
    .tuple(place, fc.string({ minLength: 1, maxLength: 64 }), arbitraryEvent(type))
    .map(([at, id, event]) => ({ ...at, id, event }));
}
