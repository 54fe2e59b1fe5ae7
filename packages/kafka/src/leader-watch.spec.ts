import { describe, expect, it } from 'vitest';
import { LeaderWatch } from './leader-watch.ts';

const watched = () => {
  const told: string[] = [];
  let now = 0;
  const watch = new LeaderWatch(
    (signal) => told.push('partition' in signal ? `${signal.type} ${signal.partition}` : signal.type),
    () => now,
  );
  return { watch, told, pass: (ms: number) => (now += ms) };
};

describe('a partition without a leader', () => {
  it('is told of once, and once more when it has one again', () => {
    const { watch, told, pass } = watched();
    for (let look = 0; look < 10; look += 1) {
      watch.seen(1, false);
      watch.seen(2, true);
      pass(1_000);
    }
    expect([watch.isLed(1), watch.isLed(2), told]).toEqual([false, true, ['partition-leaderless 1']]);
    watch.seen(1, true);
    watch.seen(1, true);
    expect([watch.isLed(1), told]).toEqual([true, ['partition-leaderless 1', 'partition-led 1']]);
  });

  it('is not told of while it may be an election, nor once nobody asks for it', () => {
    const { watch, told, pass } = watched();
    watch.seen(1, false);
    pass(2_000);
    watch.seen(1, false);
    watch.seen(1, true);
    watch.seen(2, false);
    pass(10_000);
    watch.forget(2);
    watch.seen(2, false);
    expect(told).toEqual([]);
  });
});
