import { InvalidInputError } from './errors.ts';

/** Checks that name the field, the value and the bound, before anything is sent. */

export function checkText(field: string, value: unknown, max: number): string {
  if (typeof value !== 'string' || value.length === 0 || value.length > max)
    throw new InvalidInputError(field, value, `a text of 1 to ${max} characters`);
  return value;
}

export const checkOptionalText = (field: string, value: unknown, max: number): string | null =>
  value === undefined || value === null ? null : checkText(field, value, max);

export function checkWhole(field: string, value: unknown, min: number, max: number, unit = 'ms'): number {
  if (typeof value !== 'number' || !Number.isInteger(value) || value < min || value > max)
    throw new InvalidInputError(field, value, `a whole number of ${unit} from ${min} to ${max}`);
  return value;
}

export function checkOneOf<const T extends string>(field: string, value: unknown, allowed: readonly T[]): T {
  const found = allowed.find((one) => one === value);
  if (found === undefined) throw new InvalidInputError(field, value, `one of ${allowed.join(', ')}`);
  return found;
}

export function checkFlag(field: string, value: unknown, absent: boolean): boolean {
  if (value === undefined) return absent;
  if (typeof value !== 'boolean') throw new InvalidInputError(field, value, 'true or false');
  return value;
}
