/** Where two values of JSON differ first: a path, and both sides as they would be shown. */
export interface FieldDifference {
  /** Such as `history.openSteps[0].kind`; empty where they are of different kinds altogether. */
  readonly field: string;
  readonly stored: string;
  readonly folded: string;
}

const SHOWN_MAX = 120;

/** Null where they are equal, whatever the order of their keys. */
export const firstDifference = (stored: unknown, folded: unknown, path = ''): FieldDifference | null => {
  if (isObject(stored) && isObject(folded)) {
    const isList = Array.isArray(stored) && Array.isArray(folded);
    if (Array.isArray(stored) !== Array.isArray(folded)) return differing(path, stored, folded);
    for (const key of [...new Set([...Object.keys(stored), ...Object.keys(folded)])].sort(byKey)) {
      const inner = isList ? `${path}[${key}]` : path === '' ? key : `${path}.${key}`;
      const found = firstDifference(stored[key], folded[key], inner);
      if (found !== null) return found;
    }
    return null;
  }
  return Object.is(stored, folded) ? null : differing(path, stored, folded);
};

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  value !== null && typeof value === 'object';

const byKey = (left: string, right: string): number => {
  const [a, b] = [Number(left), Number(right)];
  if (Number.isInteger(a) && Number.isInteger(b)) return a - b;
  return left < right ? -1 : 1;
};

const differing = (field: string, stored: unknown, folded: unknown): FieldDifference => ({
  field,
  stored: shown(stored),
  folded: shown(folded),
});

const shown = (value: unknown): string => {
  const text = value === undefined ? 'missing' : JSON.stringify(value);
  return text.length > SHOWN_MAX ? `${text.slice(0, SHOWN_MAX)}…` : text;
};
