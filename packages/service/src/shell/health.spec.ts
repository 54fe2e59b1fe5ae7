import { emptyPartition, type PartitionState } from '@profile-warden/domain';
import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import type { FoldAndPay, PartitionProgress } from '../runtime/fold-and-pay.ts';
import { SignalHub } from '../runtime/signals.ts';
import { ServiceHealth } from './health.ts';

const at = (partition: number, standing: PartitionProgress['standing']): PartitionProgress => ({
  partition,
  standing,
  nextOffset: 5,
  end: 9,
  logMs: 0,
  epoch: -1,
});

/** A service of which a spec sets what is in hand. */
const watched = () => {
  const clock = new VirtualClock();
  const health = new ServiceHealth(clock, 60_000);
  const hub = new SignalHub();
  const runtime = {
    progress: [] as PartitionProgress[],
    views: (): { state: PartitionState }[] => [{ state: emptyPartition(3) }],
  };
  const reads = new Map<number, { isLed: boolean; answerCount: number; position: number | null }>();
  const reader = {
    ownedCount: 0,
    confirmedAgoMs: null as number | null,
    watermarks: () => new Map(),
    reads: () => reads,
  };
  const watch = (): void =>
    void health.watch(runtime as unknown as FoldAndPay, reader, hub, new AbortController().signal);
  return { clock, health, hub, runtime, reader, reads, watch };
};

describe('the health of a service', () => {
  it('is alive and not ready while it starts', () => {
    const { health } = watched();
    expect([health.stalls(), health.isReady(), health.details()]).toEqual([[], false, []]);
  });

  it('is ready when all that is ours is live, and not while some of it is not even known to the runtime', () => {
    const { health, runtime, reader, watch } = watched();
    watch();
    reader.confirmedAgoMs = 10;
    reader.ownedCount = 2;
    runtime.progress = [at(0, 'live')];
    expect(health.isReady()).toBe(false);
    runtime.progress = [at(0, 'live'), at(1, 'restoring')];
    expect(health.isReady()).toBe(false);
    runtime.progress = [at(0, 'live'), at(1, 'live')];
    expect(health.isReady()).toBe(true);
  });

  it('is ready as a member that was given nothing, and not before it is a member', () => {
    const { health, reader, watch } = watched();
    watch();
    expect(health.isReady()).toBe(false);
    reader.confirmedAgoMs = 10;
    expect(health.isReady()).toBe(true);
  });

  it('hashes what is folded: the same state gives the same hash, another one another', () => {
    const { health, runtime, watch } = watched();
    expect(health.states()).toEqual([]);
    watch();
    const [first] = health.states();
    expect(first).toEqual({ partition: 3, nextOffset: 0, hash: health.states()[0]?.hash });
    runtime.views = () => [{ state: { ...emptyPartition(3), logMs: 1 } }];
    expect(health.states()[0]?.hash).not.toBe(first?.hash);
  });

  it('tells how far a restore is until it is over', () => {
    const { health, hub, runtime, watch } = watched();
    watch();
    runtime.progress = [at(3, 'restoring')];
    hub.emit({ type: 'restoring', partition: 3, phase: 'log', done: 5, of: 9 });
    expect(health.details()).toEqual([
      { ...at(3, 'restoring'), restoring: { phase: 'log', done: 5, of: 9 } },
    ]);
    hub.emit({ type: 'caught-up', partition: 3, nextOffset: 9, restoreMs: 20 });
    expect(health.details()).toEqual([at(3, 'restoring')]);
  });

  it('is not ready, and alive, while a partition of ours has no leader, and names it', async () => {
    const { clock, health, runtime, reader, reads, watch } = watched();
    watch();
    reader.confirmedAgoMs = 10;
    reader.ownedCount = 2;
    reads.set(0, { isLed: true, answerCount: 1, position: 5 });
    reads.set(1, { isLed: false, answerCount: 1, position: 5 });
    runtime.progress = [at(0, 'live'), at(1, 'live')];
    expect([health.isReady(), health.stalls()]).toEqual([true, []]);
    for (let minute = 2; minute < 5; minute += 1) {
      await clock.advance(60_000);
      reads.set(0, { isLed: true, answerCount: minute, position: 5 });
      reader.confirmedAgoMs = 10;
      expect(health.stalls()).toEqual([]);
    }
    expect(health.isReady()).toBe(false);
    expect(health.details()).toEqual([at(0, 'live'), { ...at(1, 'live'), isLeaderless: true }]);
    runtime.progress = [at(0, 'live')];
    expect(health.details()).toEqual([at(0, 'live'), { partition: 1, isLeaderless: true }]);
  });
});
