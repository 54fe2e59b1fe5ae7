import { describe, expect, it } from 'vitest';
import { statesOf } from './service-view.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';

const BOUND_MS = 60_000;
const LOADING = 14;
/** In the answer to a JoinGroup, behind its size, number and throttle time. */
const ERROR_CODE_AT = 12;
const LOADING_COUNT = 3;

describe('a coordinator that is lost', () => {
  const opened = useFaultWorld({ services: ['stale-detector'] });

  it('and still loads when its members look for it again: they wait, and no process ends', async () => {
    const { world } = opened;
    const detector = world.services.of('stale-detector');
    const foldedCount = async (): Promise<number> =>
      (await statesOf(detector)).reduce((sum, { nextOffset }) => sum + nextOffset, 0);

    const silence = world.proxy.set({ apis: ['Heartbeat'], way: 'response', fate: { kind: 'drop' } });
    let loadingCount = 0;
    world.proxy.set({
      apis: ['JoinGroup'],
      way: 'response',
      fate: { kind: 'drop' },
      // Says what a broker says that has just become coordinator, and passes.
      when: (frame) => {
        silence.lift();
        if (loadingCount < LOADING_COUNT) frame.writeInt16BE(LOADING, ERROR_CODE_AT);
        loadingCount += 1;
        return false;
      },
    });
    await expect.poll(() => loadingCount, { timeout: BOUND_MS }).toBeGreaterThan(LOADING_COUNT);

    const before = await foldedCount();
    await expect.poll(foldedCount, { timeout: BOUND_MS }).toBeGreaterThan(before + 20);
    expect(world.died, 'services that ended by themselves').toEqual([]);
  });
});
