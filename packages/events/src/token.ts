import { CodecError } from './error.ts';

/** Largest fencing token. 2^52 and not 2^53, as the Avro library reads some longs beyond it wrongly. */
export const MAX_TOKEN = 2 ** 52 - 1;

export const isToken = (value: unknown): value is number =>
  typeof value === 'number' && Number.isInteger(value) && value >= 1 && value <= MAX_TOKEN;

/** The value as a token, for input from outside; throws `token-out-of-range`. */
export function positiveToken(value: unknown): number {
  if (isToken(value)) return value;
  throw new CodecError(
    'token-out-of-range',
    `${String(value)} is no token: a whole number from 1 to ${MAX_TOKEN}`,
  );
}
