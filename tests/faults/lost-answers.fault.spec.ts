import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { FaultWorld } from './fault-world.fixture.ts';

const BOUND_MS = 60_000;

describe('answers that are lost on the way', () => {
  let world: FaultWorld;

  beforeAll(async () => {
    world = await FaultWorld.open();
  });

  afterEach(() => {
    world.proxy.heal();
  });

  afterAll(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('F2: a commit whose answer is lost has been made, and what it granted is not granted again', async () => {
    const fleet = world.fleet('lost-commit');
    await fleet.grants(20, BOUND_MS);
    const lost = world.proxy.set({ apis: ['EndTxn'], way: 'response', fate: { kind: 'drop' }, times: 1 });
    await lost.firstMet();
    await fleet.grants(20, BOUND_MS);
    const told = await fleet.finish(BOUND_MS);
    expect(told).toMatchObject({ failed: 0, lost: 0, released: told.granted });
    const { violations, unansweredCount, checked } = await world.judge();
    expect([violations, unansweredCount]).toEqual([[], 0]);
    expect(checked.I6).toBeGreaterThanOrEqual(told.granted);
  });
});
