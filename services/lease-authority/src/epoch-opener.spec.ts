import { emptyPartition } from '@profile-warden/domain';
import { MemoryLog, VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import { epochOpener } from './epoch-opener.ts';

const RANGE = { start: 0, end: 0 };
const { signal } = new AbortController();
const EVENT = {
  id: 'e1',
  profileId: 'p1',
  event: { type: 'ResumeExpired', token: 1, round: 1, epoch: 0 },
} as const;

const opened = async () => {
  const log = new MemoryLog({ clock: new VirtualClock() });
  const open = epochOpener(log.epochWriter(log.clock.process()), 'a1');
  return { log, open, opening: await open(0, RANGE, emptyPartition(0), signal) };
};

describe('epochOpener', () => {
  it('writes the barrier before anything is read', async () => {
    const { log } = await opened();
    expect(log.committed(0).records).toMatchObject([
      { id: 'AuthorityEpochStarted/0/a1/0', profileId: null, event: { type: 'AuthorityEpochStarted' } },
    ]);
  });

  it('names each barrier anew, so that two takeovers of one process are told apart', async () => {
    const { log, open } = await opened();
    await open(0, RANGE, emptyPartition(0), signal);
    expect(log.committed(0).records.map(({ id }) => id)).toEqual([
      'AuthorityEpochStarted/0/a1/0',
      'AuthorityEpochStarted/0/a1/1',
    ]);
  });

  it('is restoring before its own barrier is folded, live with it, lost with a later one', async () => {
    const { log, opening } = await opened();
    const [barrier] = log.committed(0).records;
    const at = (epoch: number) => opening.standing({ ...emptyPartition(0), epoch });
    expect([at(-1), at(barrier?.offset ?? -1), at(9)]).toEqual(['restoring', 'live', 'lost']);
  });

  it('pays under its epoch until another takes over', async () => {
    const { log, open, opening } = await opened();
    expect(await opening.payer.pay([EVENT])).toEqual([2]);
    const next = await open(0, RANGE, opening.state, signal);
    await expect(opening.payer.pay([EVENT])).rejects.toThrow('fenced');
    expect(await next.payer.pay([EVENT])).toEqual([6]);
    expect(log.committed(0).records).toHaveLength(4);
  });

  it('pays nothing any more once it is closed', async () => {
    const { opening } = await opened();
    await opening.payer.close();
    await expect(opening.payer.pay([EVENT])).rejects.toThrow('closed');
  });
});
