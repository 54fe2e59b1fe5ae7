import { describe, expect, it } from 'vitest';
import { Lag } from './lag.ts';

describe('the lag of a fold', () => {
  it('is nothing for one that is through, whether the log ends in a record or in a marker', () => {
    const lag = new Lag();
    lag.folded({ partition: 0, count: 3, nextOffset: 7 });
    expect(lag.of(0, 7)).toBe(0);
    expect(lag.of(0, 5)).toBe(0);
  });

  it('counts records: half of the offsets were markers, so half of the distance are records', () => {
    const lag = new Lag();
    lag.folded({ partition: 0, count: 0, nextOffset: 100 });
    lag.folded({ partition: 0, count: 10, nextOffset: 120 });
    expect(lag.of(0, 140)).toBe(10);
    // One marker that nobody has fetched yet.
    expect(lag.of(0, 121)).toBe(0);
  });

  it('does not take the start of a restored fold for records passed', () => {
    const lag = new Lag();
    lag.folded({ partition: 0, count: 2, nextOffset: 1_000_000 });
    lag.folded({ partition: 0, count: 4, nextOffset: 1_000_004 });
    expect(lag.of(0, 1_000_014)).toBe(10);
  });

  it('begins where a snapshot ends: one that reaches the end of the log leaves none', () => {
    const lag = new Lag();
    lag.opened(0, 178);
    expect(lag.of(0, 178)).toBe(0);
    expect(lag.of(0, 188)).toBe(10);
    lag.folded({ partition: 0, count: 5, nextOffset: 188 });
    expect(lag.of(0, 208)).toBe(10);
    // Told again, it is not begun anew.
    lag.opened(0, 0);
    expect(lag.of(0, 188)).toBe(0);
  });

  it('is the whole log for a partition of which nothing was folded, and is forgotten with it', () => {
    const lag = new Lag();
    expect(lag.of(3, 50)).toBe(50);
    lag.folded({ partition: 3, count: 50, nextOffset: 50 });
    lag.revoked(3);
    expect(lag.of(3, 50)).toBe(50);
  });
});
