import { VirtualClock } from '@profile-warden/testkit/memory';
import { describe, expect, it } from 'vitest';
import { watchForStandIn } from './stand-in-watch.ts';

const watched = (isThere: () => Promise<boolean>) => {
  const clock = new VirtualClock();
  const stopping = new AbortController();
  const missed: number[] = [];
  const options = { isThere, clock, onMissing: () => missed.push(clock.now()) };
  const watch = watchForStandIn(options, stopping.signal);
  return { clock, stopping, missed, watch };
};

describe('the watch for a collector that speaks for silent hosts', () => {
  it('leaves those that start together the time to find each other, and says every minute that none is there', async () => {
    const { clock, missed } = watched(() => Promise.resolve(false));
    const startedAt = clock.now();
    await clock.advance(14_000);
    expect(missed).toEqual([]);
    await clock.advance(122_000);
    expect(missed.map((at) => at - startedAt)).toEqual([15_000, 75_000, 135_000]);
  });

  it('says nothing while one is there or while nobody can tell, and notices when it has gone', async () => {
    let answer = () => Promise.resolve(true);
    const { clock, missed } = watched(() => answer());
    await clock.advance(100_000);
    answer = () => Promise.reject(new Error('no broker'));
    await clock.advance(120_000);
    expect(missed).toEqual([]);
    answer = () => Promise.resolve(false);
    await clock.advance(60_000);
    expect(missed).toHaveLength(1);
  });

  it('ends with the service', async () => {
    const { clock, stopping, missed, watch } = watched(() => Promise.resolve(false));
    stopping.abort();
    await clock.advance(0);
    await watch;
    await clock.advance(100_000);
    expect(missed).toEqual([]);
  });
});
