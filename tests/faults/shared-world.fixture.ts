import { afterAll, afterEach, beforeAll } from 'vitest';
import { FaultWorld, type FaultWorldOptions } from './fault-world.fixture.ts';

/** One world for all tests of a `describe`; behind each of them its network is whole again and its fleets have ended. */
export const useFaultWorld = (options: FaultWorldOptions = {}): { readonly world: FaultWorld } => {
  let world: FaultWorld | null = null;
  beforeAll(async () => {
    world = await FaultWorld.open(options);
  });
  afterEach(async () => {
    world?.heal();
    await world?.endFleets();
  });
  afterAll(() => world?.[Symbol.asyncDispose]());
  return {
    get world() {
      if (world === null) throw new Error('the world opens before the first test, not where it is described');
      return world;
    },
  };
};
