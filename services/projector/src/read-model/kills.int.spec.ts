import { StatementProxy } from '@profile-warden/testkit/proxy';
import { readFile } from 'node:fs/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { projectorWorld, untilGone, type ProjectorWorld } from '../projector-process.fixture.ts';

/** The transaction of a batch, statement by statement; the third comes only where a partition was never written. */
const STATEMENTS = [
  /^begin isolation level read committed/,
  /^update projection_offset/,
  /^insert into projection_offset/,
  /^insert into profile/,
  /^insert into recovery_case/,
  /^insert into event_archive/,
  /^commit/,
] as const;

const STORIES_MAX = 200;

let world: ProjectorWorld;
beforeEach(async () => {
  world = await projectorWorld();
});
afterEach(() => world[Symbol.asyncDispose]());

describe('F26: a projector that is killed', () => {
  it('at any statement of its transaction leaves the rows of a fold, and doubles nothing when it goes on', async () => {
    await using proxy = await StatementProxy.open(world.url);
    await world.story(0);
    for (const [index, statement] of STATEMENTS.entries()) {
      // A group of its own each time: nobody has to wait until the one before has missed its session.
      await using services = await world.start({ url: proxy.url, cluster: `life-${index}` });
      await world.projected();
      const { pid } = services.of('projector');
      // Through with it, and nobody has been told: where anything was left half, it would be now.
      const cut = proxy.at(statement, 'after', () => process.kill(pid, 'SIGKILL'));
      await world.story(String(statement).includes('insert into projection_offset') ? 1 : 0);
      await cut;
      await untilGone(pid);
      await world.verified();
    }
    await using _last = await world.start();
    await world.projected();
    await world.verified();
  }, 120_000);
});

describe('two projectors on one partition', () => {
  it('write nothing twice, and one of them stops', async () => {
    await world.story(0);
    await using first = await world.start({ cluster: 'first' });
    await world.projected();
    await using second = await world.start({ cluster: 'second' });
    const both = [first.of('projector'), second.of('projector')];
    const over = new AbortController();
    const gone = Promise.race(both.map(({ pid }) => untilGone(pid))).finally(() => over.abort());
    // One partition only: on two, each might lose one to the other, and both would be right to stop.
    for (let count = 0; count < STORIES_MAX && !over.signal.aborted; count += 1) await world.story(0);
    await gone;
    await world.projected();
    await world.verified();
    const logs = await Promise.all(both.map(({ logFile }) => readFile(logFile, 'utf8')));
    const stopped = logs.filter((log) => log.includes('projection-conflict'));
    expect(stopped).toHaveLength(1);
    expect(stopped[0]).toContain('another projector writes it');
  }, 120_000);
});
