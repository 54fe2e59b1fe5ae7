import { freshDatabase } from '@profile-warden/testkit/parts';
import { DatabaseGate } from '@profile-warden/testkit/proxy';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectorWorld, type ProjectorWorld } from '../projector-process.fixture.ts';

/** More than the projector keeps for a read model that is away, and the batch that it is about to write. */
const CROWD_COUNT = 11_000;

let world: ProjectorWorld;
let gate: DatabaseGate;
let accounts: string;
beforeEach(async () => {
  world = await projectorWorld();
  gate = await DatabaseGate.open(world.url);
  accounts = await freshDatabase();
});
afterEach(async () => {
  await gate[Symbol.asyncDispose]();
  await world[Symbol.asyncDispose]();
});

describe('a projector whose read model is away', () => {
  it('goes on raising fences in a healthy target, and brings the read model up from the log afterwards', async () => {
    await world.story(0);
    await using services = await world.start({ url: gate.url, accounts });
    await world.projected();
    const { pid, logFile } = services.of('projector');
    await gate.shut();
    await world.crowd(0, CROWD_COUNT);
    await world.story(0, ['accounts']);
    await world.confirmed(0, 1);
    await world.crowd(0, CROWD_COUNT);
    await world.story(0, ['accounts']);
    await world.confirmed(0, 2);
    await gate.reopen();
    await world.story(0, ['accounts']);
    await world.projected();
    await world.verified();
    // What comes behind is written as ever, and no second time.
    await world.story(0, ['accounts']);
    await world.confirmed(0, 4);
    await world.projected();
    await world.verified();
    expect(() => process.kill(pid, 0)).not.toThrow();
    const log = await readFile(logFile, 'utf8');
    expect(log).toContain('the read model does not keep up and is left behind');
    expect(log).toContain('the read model was brought up from the log and follows again');
  }, 90_000);

  it('at the start serves fences all the same, and is ready once the read model is', async () => {
    await gate.shut();
    await world.story(0, ['accounts']);
    const starting = world.start({ url: gate.url, accounts });
    let isReady = false;
    void starting.then(() => (isReady = true));
    try {
      await world.confirmed(0, 1);
      expect(isReady).toBe(false);
    } finally {
      await gate.reopen();
    }
    await using services = await starting;
    await world.projected();
    await world.verified();
    expect(await readFile(services.of('projector').logFile, 'utf8')).toContain(
      'waiting: the read model cannot be used yet',
    );
  }, 90_000);
});
