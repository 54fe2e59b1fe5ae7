/** Where two plain states differ first, as a path and both values; null where they are the same as JSON would be. */
export const differenceOf = (left: unknown, right: unknown, path = 'state'): string | null => {
  if (left === right) return null;
  if (typeof left !== 'object' || typeof right !== 'object' || left === null || right === null)
    return tell(path, left, right);
  if (left instanceof Map && right instanceof Map) return inMaps(left, right, path);
  if (Array.isArray(left) && Array.isArray(right)) {
    if (left.length !== right.length) return tell(`${path}.length`, left.length, right.length);
    for (let index = 0; index < left.length; index += 1) {
      const found = differenceOf(left[index], right[index], `${path}[${index}]`);
      if (found !== null) return found;
    }
    return null;
  }
  return inObjects(left as Fields, right as Fields, path);
};

type Fields = Readonly<Record<string, unknown>>;

const inMaps = (
  left: ReadonlyMap<unknown, unknown>,
  right: ReadonlyMap<unknown, unknown>,
  path: string,
): string | null => {
  if (left.size !== right.size) return tell(`${path}.size`, left.size, right.size);
  for (const [key, value] of left) {
    const found = differenceOf(value, right.get(key), `${path}.${String(key)}`);
    if (found !== null) return found;
  }
  return null;
};

const inObjects = (left: Fields, right: Fields, path: string): string | null => {
  for (const key in left) {
    const found = differenceOf(left[key], right[key], `${path}.${key}`);
    if (found !== null) return found;
  }
  for (const key in right)
    if (right[key] !== undefined && left[key] === undefined)
      return tell(`${path}.${key}`, undefined, right[key]);
  return null;
};

const tell = (path: string, left: unknown, right: unknown): string =>
  `${path}: ${JSON.stringify(left)} here, ${JSON.stringify(right)} there`.slice(0, 400);
