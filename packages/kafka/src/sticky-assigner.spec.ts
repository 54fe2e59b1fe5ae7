import { describe, expect, it } from 'vitest';
import { sharePartitions } from './sticky-assigner.ts';

const member = (memberId: string, ...owned: number[]) => ({ memberId, owned });
const shares = (count: number, ...members: ReturnType<typeof member>[]) =>
  Object.fromEntries(
    [...sharePartitions(count, members)].map(([id, partitions]) => [id, partitions.sort((a, b) => a - b)]),
  );

describe('shares of the partitions', () => {
  it('go to one member alone, or to nobody where there is none', () => {
    expect(shares(3, member('a'))).toEqual({ a: [0, 1, 2] });
    expect(shares(3)).toEqual({});
  });

  it('leave everybody what they had, except for what a newcomer needs', () => {
    expect(shares(6, member('b', 0, 1, 2, 3, 4, 5), member('a'))).toEqual({ a: [3, 4, 5], b: [0, 1, 2] });
    expect(shares(6, member('a', 3, 4, 5), member('b', 0, 1, 2))).toEqual({ a: [3, 4, 5], b: [0, 1, 2] });
  });

  it('are at most one apart, each partition once, whatever members claim', () => {
    for (let count = 1; count <= 13; count += 1)
      for (let members = 1; members <= 5; members += 1) {
        const claims = Array.from({ length: members }, (_, index) =>
          member(`m${index}`, 0, index, index + 1, 99),
        );
        const given = Object.values(shares(count, ...claims));
        expect(given.flat().sort((a, b) => a - b)).toEqual(
          Array.from({ length: count }, (_, index) => index),
        );
        const sizes = given.map(({ length }) => length);
        expect(Math.max(...sizes) - Math.min(...sizes)).toBeLessThanOrEqual(1);
      }
  });

  it('move only what must move when all members are restarted one after the other', () => {
    const movedBetween = (before: Map<string, number[]>, after: Map<string, number[]>): number =>
      [...after].reduce(
        (sum, [id, partitions]) =>
          sum + partitions.filter((partition) => before.get(id)?.includes(partition) !== true).length,
        0,
      );
    const claims = (of: Map<string, number[]>) => [...of].map(([id, owned]) => member(id, ...owned));
    for (const count of [6, 12, 13])
      // New ids sort before or behind the old ones: a member's place in the order must not matter.
      for (const prefix of ['a', 'z']) {
        let group = sharePartitions(
          count,
          ['m1', 'm2', 'm3'].map((id) => member(id)),
        );
        for (const id of ['m1', 'm2', 'm3']) {
          const lost = group.get(id)?.length ?? 0;
          const left = new Map([...group].filter(([other]) => other !== id));
          const without = sharePartitions(count, claims(left));
          expect(movedBetween(left, without)).toBe(lost);
          const fair = Math.ceil(count / 3);
          group = sharePartitions(count, [...claims(without), member(`${prefix}${id}`)]);
          expect(movedBetween(without, group)).toBeLessThanOrEqual(fair);
          expect(group.get(`${prefix}${id}`)?.length).toBeGreaterThanOrEqual(Math.floor(count / 3));
        }
      }
  });
});
