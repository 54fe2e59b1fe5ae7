import { describe, expect, it } from 'vitest';
import { NoticeLimit } from './notice-limit.ts';

describe('NoticeLimit', () => {
  it('admits a key once a minute, whatever other keys do', () => {
    const limit = new NoticeLimit();
    expect([limit.admits('a', 0), limit.admits('b', 1), limit.admits('a', 59_999)]).toEqual([
      true,
      true,
      false,
    ]);
    expect([limit.admits('a', 60_000), limit.admits('b', 60_000), limit.admits('b', 60_001)]).toEqual([
      true,
      false,
      true,
    ]);
  });

  it('forgets the key that was admitted longest ago once it knows a hundred thousand', () => {
    const limit = new NoticeLimit();
    for (let key = 0; key <= 100_000; key += 1) limit.admits(`k${key}`, 0);
    expect(limit.admits('k1', 1)).toBe(false);
    expect(limit.admits('k0', 1)).toBe(true);
  });
});
