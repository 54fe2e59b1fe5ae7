import {
  EVENT_TYPES,
  schemaOf,
  type AvroType,
  type EventType,
  type RecordBody,
} from '@profile-warden/events';

interface SymbolField {
  readonly name: string;
  readonly symbols: readonly string[];
}

const symbolsIn = (type: AvroType): readonly string[] => {
  if (typeof type === 'string') return [];
  if (Array.isArray(type)) return symbolsIn((type as readonly ['null', AvroType])[1]);
  return 'symbols' in type
    ? type.symbols.filter((symbol) => symbol !== 'UNKNOWN').map((symbol) => symbol.replaceAll('_', '-'))
    : [];
};

/** The fields of each event that choose among symbols, as the schemas have them, with hyphens. */
const FIELDS: ReadonlyMap<string, readonly SymbolField[]> = new Map(
  EVENT_TYPES.map((type) => [
    type,
    schemaOf(type)
      .fields.map((field) => ({ name: field.name, symbols: symbolsIn(field.type) }))
      .filter(({ symbols }) => symbols.length > 0),
  ]),
);

const nameOf = (type: string, field: string, symbol: string): string => `${type}.${field} ${symbol}`;

/** Every symbol that an event can carry, as `Quarantined.cause dual-use`. */
export const EVENT_SYMBOLS: readonly string[] = [...FIELDS].flatMap(([type, fields]) =>
  fields.flatMap(({ name, symbols }) => symbols.map((symbol) => nameOf(type, name, symbol))),
);

/** The symbols that this event carries. */
export const symbolsOf = (event: RecordBody): readonly string[] =>
  (FIELDS.get(event.type as EventType) ?? []).flatMap(({ name }) => {
    const symbol: unknown = (event as Partial<Record<string, unknown>>)[name];
    return typeof symbol === 'string' ? [nameOf(event.type, name, symbol)] : [];
  });
