/**
 * Where in the data offsets and times stand, so that two situations that differ only in where on the log and when they
 * are can be given the same names. Every key is listed once; `naming.property.spec.ts` shows that none is missing.
 */
const OFFSETS: ReadonlySet<string> = new Set([
  'barrier',
  'basedOn',
  'bootOffset',
  'checkpointOffset',
  'countedBy',
  'decidedOn',
  'epoch',
  'fencedOffset',
  'grantedOffset',
  'healedBy',
  'heardAt',
  'heartbeatOffset',
  'lastOffset',
  'offset',
  'presentedOffset',
  'reappearedOffset',
  'reportedOffset',
  'requestedOffset',
  'statusOffset',
  'suspicionOffset',
  'unreadableOffset',
  'unsafeOffset',
]);
const LOG_TIMES: ReadonlySet<string> = new Set([
  'fencedLogMs',
  'grantedLogMs',
  'lastAttemptLogMs',
  'logMs',
  'untilLogMs',
]);
const BROKER_TIMES: ReadonlySet<string> = new Set(['lastTickAtMs']);
/** Nothing below is an offset or a time that anybody compares. */
const OPAQUE: ReadonlySet<string> = new Set(['answered', 'findings', 'holder']);

export interface Renaming {
  /** New name by old offset; a hole where nobody speaks of the offset any more. Null leaves all as they are. */
  readonly offsets: readonly number[] | null;
  /** Added to every log time. */
  readonly logMs: number;
  /** No log time is told as older than this; -Infinity where all ages matter. */
  readonly oldestLogMs: number;
  /** Added to every broker time. */
  readonly brokerMs: number;
}

type Plain = null | string | number | boolean | readonly Plain[] | { readonly [key: string]: Plain };

const offsetUnder = (by: Renaming, offset: number): number => {
  if (by.offsets === null || offset < 0) return offset;
  const name = by.offsets[offset];
  if (name === undefined) throw new Error(`offset ${offset} has no name left`);
  return name;
};

const numberUnder = (by: Renaming, key: string, value: number): number => {
  if (OFFSETS.has(key)) return offsetUnder(by, value);
  if (LOG_TIMES.has(key)) return Math.max(value + by.logMs, by.oldestLogMs);
  return BROKER_TIMES.has(key) ? value + by.brokerMs : value;
};

const walk = (value: Plain, key: string, by: Renaming | null): Plain => {
  if (typeof value === 'number') return by === null ? value : numberUnder(by, key, value);
  if (value === null || typeof value !== 'object') return value;
  const below = OPAQUE.has(key) ? null : by;
  if (isList(value)) return value.map((one) => walk(one, key, below));
  const copy: Record<string, Plain> = {};
  for (const name of Object.keys(value).sort()) {
    const inner = value[name];
    if (inner !== undefined) copy[name] = walk(inner, name, below);
  }
  return copy;
};

const isList = (value: Plain): value is readonly Plain[] => Array.isArray(value);

/** The same data with its keys in order and its offsets and times renamed. */
export const renamed = <T>(value: T, by: Renaming | null = null): T => walk(value as Plain, '', by) as T;

/** Offsets that the data speaks of, each once, in order. */
export const offsetsIn = (value: unknown): readonly number[] => {
  const found = new Set<number>();
  collect(value as Plain, '', found);
  return [...found].sort((left, right) => left - right);
};

const collect = (value: Plain, key: string, found: Set<number>): void => {
  if (typeof value === 'number') {
    if (OFFSETS.has(key) && value >= 0) found.add(value);
  } else if (value !== null && typeof value === 'object' && !OPAQUE.has(key))
    if (isList(value)) for (const one of value) collect(one, key, found);
    else for (const [name, inner] of Object.entries(value)) collect(inner, name, found);
};

/** Whether the data holds a time that moves on, so that a shift changes it. */
export const hasTimes = (value: unknown): boolean => holdsTime(value as Plain, '');

const holdsTime = (value: Plain, key: string): boolean => {
  if (typeof value === 'number') return LOG_TIMES.has(key) || BROKER_TIMES.has(key);
  if (value === null || typeof value !== 'object' || OPAQUE.has(key)) return false;
  return isList(value)
    ? value.some((one) => holdsTime(one, key))
    : Object.entries(value).some(([name, inner]) => holdsTime(inner, name));
};
