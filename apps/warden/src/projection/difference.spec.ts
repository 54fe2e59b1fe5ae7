import { describe, expect, it } from 'vitest';
import { firstDifference } from './difference.ts';

describe('the first difference', () => {
  it('is none between equal values, in whatever order their keys are', () => {
    expect(firstDifference({ a: 1, b: [{ c: null }] }, { b: [{ c: null }], a: 1 })).toBeNull();
  });

  it.each([
    [{ a: { b: [1, { c: 'x' }] } }, { a: { b: [1, { c: 'y' }] } }, 'a.b[1].c', '"x"', '"y"'],
    [{ a: 1 }, {}, 'a', '1', 'missing'],
    [[1], [1, 2], '[1]', 'missing', '2'],
    [{ a: [] }, { a: {} }, 'a', '[]', '{}'],
    [null, { a: 1 }, '', 'null', '{"a":1}'],
    [{ a: 1, z: 1 }, { a: 2, z: 2 }, 'a', '1', '2'],
  ])('of %j and %j is at %s', (stored, folded, field, left, right) => {
    expect(firstDifference(stored, folded)).toEqual({ field, stored: left, folded: right });
  });

  it('is cut where a value is long', () => {
    expect(firstDifference('x'.repeat(1_000), 1)?.stored).toHaveLength(121);
  });
});
