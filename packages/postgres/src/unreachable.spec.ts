import { describe, expect, it } from 'vitest';
import { isAway } from './unreachable.ts';

const coded = (code: string, message = 'said'): Error => Object.assign(new Error(message), { code });

describe('a database', () => {
  it.each([
    'ECONNREFUSED',
    'ENOTFOUND',
    'EAI_AGAIN',
    'ECONNRESET',
    '57P03',
    '57P01',
    '08006',
    '53300',
    '55P03',
  ])('that answers %s may come back', (code) => {
    expect(isAway(coded(code))).toBe(true);
  });

  it.each(['Connection terminated unexpectedly', 'timeout expired', 'Query read timeout'])(
    'that the driver tells "%s" of may come back',
    (message) => {
      expect(isAway(new Error(message))).toBe(true);
    },
  );

  it.each(['28P01', '3D000', '42501', '42P01', '23505'])('that answers %s waits for a person', (code) => {
    expect(isAway(coded(code))).toBe(false);
  });

  it('whose migrations are in another order waits for a person', () => {
    expect(isAway(new Error('Not run migration 0002 is preceding already run migration 0003'))).toBe(false);
    expect(isAway('ECONNREFUSED')).toBe(false);
  });
});
