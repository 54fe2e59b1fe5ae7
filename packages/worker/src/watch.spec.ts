import { describe, expect, it } from 'vitest';
import { VirtualClock, settle } from './memory-log.fixture.ts';
import { Watch, within } from './watch.ts';

describe('waiting for a condition', () => {
  it('ends in the turn in which it holds, even if it does not hold any more afterwards', async () => {
    const watch = new Watch(new VirtualClock());
    let state = 0;
    const reached = watch.until(() => state === 1, 1_000);
    state = 1;
    watch.changed();
    state = 2;
    expect(await reached).toBe(true);
  });

  it('ends with false at its limit or when its signal aborts', async () => {
    const clock = new VirtualClock();
    const watch = new Watch(clock);
    const stop = new AbortController();
    const late = watch.until(() => false, 1_000);
    const stopped = watch.until(() => false, 1_000, stop.signal);
    stop.abort();
    expect(await stopped).toBe(false);
    await clock.advance(1_000);
    expect(await late).toBe(false);
    expect(await watch.until(() => false, 0)).toBe(false);
    expect(await watch.until(() => false, 1_000, stop.signal)).toBe(false);
  });
});

describe('bounded work', () => {
  it('passes its outcome on, or undefined at the limit', async () => {
    const clock = new VirtualClock();
    expect(await within(Promise.resolve(5), clock, 10)).toEqual({ value: 5 });
    await expect(within(Promise.reject(new Error('no')), clock, 10)).rejects.toThrow('no');
    const work = Promise.withResolvers<number>();
    const late = within(work.promise, clock, 10);
    await clock.advance(10);
    expect(await late).toBeUndefined();
    work.reject(new Error('nobody listens'));
    await settle();
  });

  it('ends when its signal aborts', async () => {
    const stop = new AbortController();
    const waiting = within(new Promise(() => undefined), new VirtualClock(), 10, stop.signal);
    stop.abort();
    expect(await waiting).toBeUndefined();
  });
});
