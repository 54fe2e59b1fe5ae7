import { expect, it } from 'vitest';
import { inTurn } from './feed-cluster.ts';

it('partitions take turns in coming first, and all are asked for each time', () => {
  const asked = [0, 1, 2, 3].map((turn) => inTurn(['a', 'b', 'c'], turn).join(''));
  expect(asked).toEqual(['abc', 'bca', 'cab', 'abc']);
  expect(inTurn([], 5)).toEqual([]);
});
