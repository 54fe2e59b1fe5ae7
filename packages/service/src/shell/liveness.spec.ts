import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import type { PartitionProgress } from '../runtime/fold-and-pay.ts';
import { Liveness } from './liveness.ts';

const STALL_MS = 60_000;

/** A service of which a spec moves the parts that it wants to. */
const watched = () => {
  const clock = new VirtualClock();
  const process = clock.process();
  const at = { standing: 'live' as PartitionProgress['standing'], nextOffset: 10, readable: 10 };
  const read = { isLed: true, isAnswered: true, position: 10 as number | null };
  let answerCount = 0;
  let confirmedAt = 0;
  let isConfirming = true;
  let noiseMs = 0;
  const liveness = new Liveness({
    clock: process,
    stallMs: STALL_MS,
    vitals: {
      partitions: () => [
        { partition: 4, standing: at.standing, nextOffset: at.nextOffset, end: 10, logMs: 0, epoch: -1 },
      ],
      readable: () => new Map([[4, at.readable]]),
      reads: () => {
        if (read.isAnswered) answerCount += 1;
        return new Map([[4, { isLed: read.isLed, answerCount, position: read.position }]]);
      },
      confirmedAgoMs: () => {
        if (isConfirming) confirmedAt = clock.now();
        // Two clocks are read one after the other: a bit later each time, without any heartbeat.
        noiseMs = noiseMs === 0 ? 0.01 : 0;
        return clock.now() - confirmedAt - noiseMs;
      },
    },
  });
  void liveness.run(new AbortController().signal);
  return { clock, process, at, read, liveness, silence: () => (isConfirming = false) };
};

describe('a service', () => {
  it('is alive while it idles, for however long', async () => {
    const { clock, liveness } = watched();
    await clock.advance(20 * STALL_MS);
    expect(liveness.stalls()).toEqual([]);
  });

  it('is stuck when there are records that it does not fold, and alive again when it does', async () => {
    const { clock, at, liveness } = watched();
    await clock.advance(STALL_MS);
    at.readable = 11;
    await clock.advance(STALL_MS);
    expect(liveness.stalls()).toEqual([]);
    await clock.advance(5_000);
    expect(liveness.stalls()).toEqual([
      expect.stringMatching(/^partition 4 is live at offset 10 for 6\d{4} ms$/),
    ]);
    at.nextOffset = 11;
    expect(liveness.stalls()).toEqual([]);
  });

  it('is alive as long as a fold that is behind moves', async () => {
    const { clock, at, liveness } = watched();
    at.readable = 1_000;
    for (let step = 0; step < 10; step += 1) {
      at.nextOffset += 1;
      await clock.advance(STALL_MS - 5_000);
      expect(liveness.stalls()).toEqual([]);
    }
  });

  it.each(['opening', 'restoring', 'lost'] as const)(
    'is stuck where a partition stays %s',
    async (standing) => {
      const { clock, at, liveness } = watched();
      at.standing = standing;
      await clock.advance(STALL_MS - 5_000);
      expect(liveness.stalls()).toEqual([]);
      await clock.advance(10_000);
      expect(liveness.stalls()).toHaveLength(1);
    },
  );

  it('is stuck when the group answers no heartbeat, and not while the brokers are away for less', async () => {
    const { clock, liveness, silence } = watched();
    await clock.advance(STALL_MS);
    silence();
    await clock.advance(STALL_MS - 5_000);
    expect(liveness.stalls()).toEqual([]);
    await clock.advance(10_000);
    expect(liveness.stalls()).toEqual([expect.stringMatching(/^no heartbeat of the group for 6\d{4} ms$/)]);
  });

  it('is not blamed for the time in which it was stopped', async () => {
    const { clock, process, at, liveness, silence } = watched();
    await clock.advance(STALL_MS);
    at.readable = 11;
    silence();
    process.pause();
    await clock.advance(10 * STALL_MS);
    process.resume();
    await clock.advance(0);
    expect(liveness.stalls()).toEqual([]);
    await clock.advance(STALL_MS + 5_000);
    expect(liveness.stalls()).toHaveLength(2);
  });

  it('is stuck where a partition that has a leader is not read any more, though it is folded as far as it was', async () => {
    const { clock, read, liveness } = watched();
    await clock.advance(STALL_MS);
    read.isAnswered = false;
    await clock.advance(STALL_MS - 5_000);
    expect([liveness.stalls(), liveness.unread()]).toEqual([[], new Set()]);
    await clock.advance(10_000);
    expect(liveness.stalls()).toEqual([expect.stringMatching(/^partition 4 is not read for 6\d{4} ms$/)]);
    expect(liveness.unread()).toEqual(new Set([4]));
    read.isAnswered = true;
    expect([liveness.stalls(), liveness.unread()]).toEqual([[], new Set()]);
  });

  it.each(['live', 'restoring', 'lost'] as const)(
    'is alive, and says what is unread, while a partition that is %s has no leader',
    async (standing) => {
      const { clock, at, read, liveness } = watched();
      Object.assign(at, { standing, readable: 20 });
      Object.assign(read, { isLed: false, isAnswered: false });
      await clock.advance(3 * STALL_MS);
      expect([liveness.stalls(), liveness.unread()]).toEqual([[], new Set([4])]);
      Object.assign(read, { isLed: true, isAnswered: true });
      expect([liveness.stalls(), liveness.unread()]).toEqual([[], new Set()]);
    },
  );

  it('is read while enough is fetched for a fold that moves', async () => {
    const { clock, at, read, liveness } = watched();
    Object.assign(at, { readable: 20 });
    Object.assign(read, { isAnswered: false, position: 20 });
    await clock.advance(3 * STALL_MS);
    expect(liveness.unread()).toEqual(new Set());
  });
});
