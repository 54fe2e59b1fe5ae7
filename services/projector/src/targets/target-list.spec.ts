import { DEFAULT_POLICY } from '@profile-warden/domain';
import { ConfigError } from '@profile-warden/service';
import { describe, expect, it } from 'vitest';
import { assertTargetsServed } from './target-list.ts';

const configOf = (
  served: readonly string[],
  awaited: readonly string[],
): Parameters<typeof assertTargetsServed>[0] => ({
  fenceTargets: served.map((name) => ({ name, url: 'postgres://a/x' })),
  policy: { ...DEFAULT_POLICY, fenceTargets: awaited },
});

describe('the list of fence targets', () => {
  it('serves what quarantines wait for, and may serve more', () => {
    expect(() => assertTargetsServed(configOf(['a', 'b'], ['b']))).not.toThrow();
  });

  it('is refused where a quarantine could never end', () => {
    const start = (): void => assertTargetsServed(configOf(['a'], ['a', 'b', 'c']));
    expect(start).toThrow(ConfigError);
    expect(start).toThrow('fence targets b, c, but WARDEN_FENCE_TARGETS serves a');
  });
});
