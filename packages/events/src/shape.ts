import { CodecError } from './error.ts';
import type { AvroArray, AvroEnum, AvroField, AvroSchema, AvroType } from './schema.ts';
import { MAX_TOKEN } from './token.ts';

/** Checks a value against schema and bounds and returns it in the other form; throws `CodecError`. */
export type Shape = (value: unknown) => unknown;

/**
 * `encode` turns what the code uses into what Avro takes, `decode` the other way. This is the one place that maps
 * the `_` of Avro symbols to the hyphens used everywhere else.
 */
export type Direction = 'encode' | 'decode';

interface Site {
  readonly direction: Direction;
  /** Where the value stands, for messages: event and field. */
  readonly path: string;
  /** Doc of the field, which carries the bounds. */
  readonly doc: string;
  /** Named types defined so far in the schema, which later fields may refer to. */
  readonly named: Map<string, AvroSchema | AvroEnum>;
}

/** Bounds apply to items and nullable values alike, so they sit at the field. */
export const maxLength = (doc: string): number => Number(/\(max (\d+)\)/.exec(doc)?.[1] ?? 0);
export const maxItems = (doc: string): number => Number(/at most (\d+)/.exec(doc)?.[1] ?? 0);

const MAX_INT = 2 ** 31 - 1;
// Below -2^52 the Avro library reads another number than it wrote; 2^53 - 1 it refuses.
export const MIN_LONG = -(2 ** 52);
export const MAX_LONG = Number.MAX_SAFE_INTEGER - 1;
/** Names of fields that hold an offset of the log, and the largest that is written: as for tokens. */
export const OFFSET_FIELD = /^(?:basedOn|epoch)$|Offset$/;
export const MAX_OFFSET = MAX_TOKEN;
/** A tick that was sent before any barrier names -1 as its epoch. */
export const MIN_EPOCH = -1;

export function eventShape(schema: AvroSchema, direction: Direction): Shape {
  return recordShape(schema, { direction, path: schema.name, doc: '', named: new Map() }, schema.name);
}

function shapeOf(type: AvroType, site: Site): Shape {
  if (typeof type === 'string') return primitiveShape(type, site);
  if (isUnion(type)) {
    const inner = shapeOf(type[1], site);
    return (value) => (value === null ? null : inner(value));
  }
  if (type.type === 'array') return listShape(type, site);
  site.named.set(type.name, type);
  return type.type === 'enum' ? enumShape(type, site) : recordShape(type, site);
}

const isUnion = (type: AvroType): type is readonly ['null', AvroType] => Array.isArray(type);

function primitiveShape(type: string, site: Site): Shape {
  switch (type) {
    case 'string':
      return stringShape(site);
    case 'int':
      return numberShape(site, -MAX_INT - 1, MAX_INT, 'number-out-of-range');
    case 'long':
      return longShape(site);
    case 'boolean':
      return (value) => (typeof value === 'boolean' ? value : mismatch(site.path, 'a boolean', value));
  }
  const named = site.named.get(type);
  if (named === undefined) throw new Error(`${site.path}: ${type} is none of the Avro types in use`);
  return shapeOf(named, site);
}

function longShape(site: Site): Shape {
  const name = site.path.slice(site.path.lastIndexOf('.') + 1);
  // Whatever somebody presented is worth recording, even where it could never have been granted.
  if (name === 'presentedToken') return numberShape(site, 1, MAX_LONG, 'token-out-of-range');
  if (name === 'token' || name.endsWith('Token'))
    return numberShape(site, 1, MAX_TOKEN, 'token-out-of-range');
  if (OFFSET_FIELD.test(name))
    return numberShape(site, name === 'epoch' ? MIN_EPOCH : 0, MAX_OFFSET, 'number-out-of-range');
  return numberShape(site, MIN_LONG, MAX_LONG, 'number-out-of-range');
}

function numberShape(
  { path }: Site,
  min: number,
  max: number,
  code: 'number-out-of-range' | 'token-out-of-range',
): Shape {
  return (value) => {
    if (typeof value !== 'number') return mismatch(path, 'a number', value);
    if (!Number.isInteger(value) || value < min || value > max)
      throw new CodecError(code, `${path}: ${value} is no whole number from ${min} to ${max}`);
    return value;
  };
}

function stringShape({ path, doc, direction }: Site): Shape {
  const max = maxLength(doc);
  return (value) => {
    if (typeof value !== 'string') return mismatch(path, 'a string', value);
    if (value.length > max)
      throw new CodecError(
        'string-too-long',
        `${path}: ${value.length} characters, at most ${max} are allowed`,
      );
    // UTF-8 has no lone surrogates; a text cut in the middle of one must not lose the whole event.
    return direction === 'encode' ? value.toWellFormed() : value;
  };
}

function enumShape({ symbols }: AvroEnum, { path, direction }: Site): Shape {
  const pairs = symbols.map((symbol) => [symbol, symbol.replaceAll('_', '-')] as const);
  const mapped = new Map<unknown, string>(
    direction === 'decode' ? pairs : pairs.map(([symbol, name]) => [name, symbol] as const),
  );
  return (value) => mapped.get(value) ?? mismatch(path, `one of ${[...mapped.keys()].join(', ')}`, value);
}

function listShape({ items }: AvroArray, site: Site): Shape {
  const max = maxItems(site.doc);
  const item = shapeOf(items, site);
  return (value) => {
    if (!Array.isArray(value)) return mismatch(site.path, 'a list', value);
    if (value.length > max)
      throw new CodecError(
        'list-too-long',
        `${site.path}: ${value.length} entries, at most ${max} are allowed`,
      );
    return value.map(item);
  };
}

/** `tag` is the event type: it is no field of the schema but the first property of the decoded event. */
function recordShape({ fields }: AvroSchema, site: Site, tag?: string): Shape {
  const members = fields.map((field) => ({ name: field.name, shape: fieldShape(field, site) }));
  const declared = new Set(fields.map(({ name }) => name));
  if (tag !== undefined) declared.add('type');
  const strict = site.direction === 'encode';
  return (value) => {
    if (typeof value !== 'object' || value === null) return mismatch(site.path, 'an object', value);
    if (strict) refuseUndeclared(site.path, value, declared);
    // A plain object, where the library hands out instances of a class: only it compares and spreads as expected.
    const result: Record<string, unknown> = strict || tag === undefined ? {} : { type: tag };
    for (const { name, shape } of members) result[name] = shape((value as Record<string, unknown>)[name]);
    return result;
  };
}

const fieldShape = ({ name, type, doc }: AvroField, site: Site): Shape =>
  shapeOf(type, { ...site, path: `${site.path}.${name}`, doc: doc ?? '' });

/** Avro would drop them without a word, and the writer would believe that they are in the log. */
function refuseUndeclared(path: string, value: object, declared: ReadonlySet<string>): void {
  for (const key of Object.keys(value))
    if (!declared.has(key)) throw new CodecError('undeclared-field', `${path}: ${key} is not in the schema`);
}

function mismatch(path: string, expected: string, value: unknown): never {
  const shown = typeof value === 'string' ? JSON.stringify(value.slice(0, 64)) : String(value);
  throw new CodecError('schema-mismatch', `${path}: expected ${expected}, got ${shown} (${typeof value})`);
}
