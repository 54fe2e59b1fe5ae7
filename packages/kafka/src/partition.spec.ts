import { describe, expect, it } from 'vitest';
import { murmur2 } from './kafkajs-internals.ts';
import { partitionOf, partitionOfEvent } from './partition.ts';

const event = { type: 'ClockTicked', intervalMs: 1, epoch: -1 } as const;

describe('the partition of a profile', () => {
  it('agrees with the hash of the Java client', () => {
    const vectors: [string, number][] = [
      ['21', -973932308],
      ['foobar', -790332482],
      ['a-little-bit-long-string', -985981536],
      ['a-little-bit-longer-string', -1486304829],
      ['lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8', -58897971],
    ];
    for (const [key, hash] of vectors) expect(murmur2(key)).toBe(hash);
    expect(partitionOf('foobar', 6)).toBe((-790332482 & 0x7fffffff) % 6);
  });

  it('is the one of the key, or the one named where there is no key', () => {
    expect(partitionOfEvent({ id: 'a', profileId: 'foobar', event }, 6)).toBe(partitionOf('foobar', 6));
    expect(partitionOfEvent({ id: 'a', profileId: null, partition: 4, event }, 6)).toBe(4);
  });

  it('is refused where nothing names it, key and name disagree, or it does not exist', () => {
    expect(() => partitionOfEvent({ id: 'a', profileId: null, event }, 6)).toThrow(/neither/);
    expect(() => partitionOfEvent({ id: 'a', profileId: null, partition: 6, event }, 6)).toThrow(
      /does not exist/,
    );
    const other = (partitionOf('foobar', 6) + 1) % 6;
    expect(() => partitionOfEvent({ id: 'a', profileId: 'foobar', partition: other, event }, 6)).toThrow(
      /belongs/,
    );
  });
});
