import { describe, expect, it } from 'vitest';
import { MemoryLog, settle } from './memory-log.fixture.ts';
import { PartitionTails } from './partition-tails.ts';
import type { TailListener } from './partition-tails.ts';

const listener = (profileId: string): TailListener & { heard: number[] } => {
  const heard: number[] = [];
  return { partition: 0, profileId, heard, record: ({ offset }) => heard.push(offset) };
};
const tick = { type: 'ClockTicked', intervalMs: 1_000, epoch: 3 } as const;
const silence = { type: 'SilenceAnnounced', token: 1, silenceMs: 1 } as const;

describe('the tails of partitions', () => {
  it('hand a record to the listeners of its profile, and one without a profile to all', async () => {
    const log = new MemoryLog(1);
    const tails = new PartitionTails(log);
    const [one, two] = [listener('p1'), listener('p2')];
    await Promise.all([tails.add(one), tails.add(two)]);
    log.write({ id: 'a', profileId: 'p1', event: silence });
    log.write({ id: 'b', profileId: null, partition: 0, event: tick });
    await settle();
    expect([one.heard, two.heard]).toEqual([[0, 1], [1]]);
    expect(tails.epochOf(0)).toBe(3);
    expect(log.follows).toEqual([0]);
  });

  it('do not hand on what a reader delivers twice', async () => {
    const log = new MemoryLog(1);
    const tails = new PartitionTails(log);
    const one = listener('p1');
    await tails.add(one);
    log.write({ id: 'a', profileId: 'p1', event: silence });
    await settle();
    const [record] = log.records;
    if (record !== undefined) log.redeliver(record);
    expect(one.heard).toEqual([0]);
  });

  it('let a partition go with the last listener, also when it leaves while the partition opens', async () => {
    const log = new MemoryLog(1);
    const tails = new PartitionTails(log);
    const one = listener('p1');
    const opening = tails.add(one);
    tails.remove(one);
    await opening;
    expect(log.following).toEqual([]);
    await tails.add(one);
    expect(log.following).toEqual([0]);
    tails.remove(one);
    tails.remove(one);
    expect(log.follows).toEqual([0, -1, 0, -1]);
  });

  it('forget an attempt that failed', async () => {
    const log = new MemoryLog(1);
    const tails = new PartitionTails(log);
    const one = listener('p1');
    log.failFollow();
    await expect(tails.add(one)).rejects.toThrow('no broker');
    tails.remove(one);
    log.heal();
    await tails.add(one);
    expect(log.following).toEqual([0]);
  });
});
