import pg from 'pg';

/** PostgreSQL's int8 as a number. Offsets and tokens stay far below 2^53; one that does not is a defect. */
function safeInteger(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`${text} is too large for a whole number`);
  return value;
}

const INT8: number = pg.types.builtins.INT8;

type Parser = (oid: number, format?: 'text' | 'binary') => unknown;
const usual = pg.types.getTypeParser as Parser;

/** Parsers of every connection opened here: int8 as a checked number, the rest as usual. */
export const TYPES: pg.CustomTypesConfig = {
  getTypeParser: ((oid, format = 'text') =>
    oid === INT8 && format === 'text'
      ? safeInteger
      : usual(oid, format)) as Parser as typeof pg.types.getTypeParser,
};
