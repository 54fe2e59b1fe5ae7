import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Lease } from '../lease.ts';
import { settle } from '../memory-log.fixture.ts';
import { BrowserBench, CHROMIUM } from './browser-bench.fixture.ts';
import { StandInChromium, type StandInContext } from './stand-in-browser.fixture.ts';
import { withBrowserProfile, type BrowserProfileOptions } from './with-browser-profile.ts';

let at: BrowserBench;
let lease: Lease;
let chromium: StandInChromium;
/** Whether the browser was offline, at each call of `use`. */
let uses: (boolean | undefined)[];

const run = (
  use: (context: StandInContext) => unknown = () => undefined,
  options: BrowserProfileOptions = {},
): Promise<unknown> =>
  withBrowserProfile(lease, { ...options, chromium }, (context) => {
    uses.push(context.offline.at(-1));
    return use(context);
  });

/** A `use` that fails as those of drivers do once their browser is closed, and says when it has begun. */
function untilClosed(): {
  readonly begun: Promise<void>;
  readonly use: (context: StandInContext) => unknown;
} {
  const { promise: begun, resolve } = Promise.withResolvers<undefined>();
  const use = (context: StandInContext): unknown => {
    resolve(undefined);
    return new Promise((_resolve, reject) => context.once('close', () => reject(new Error('Target closed'))));
  };
  return { begun, use };
}

const pause = (): void => {
  at.bench.log.fail('lost', ({ type }) => type === 'Heartbeat');
  at.bench.clock.freeze(96_000);
};
const resume = async (): Promise<void> => {
  at.bench.log.heal();
  await at.bench.clock.advance(10_000);
};
const lose = async (): Promise<void> => {
  at.bench.authority.quarantine('p1', lease.token);
  await settle();
};
const saysClosed = (): unknown[] =>
  at.bench.log.of('ReleaseRequested').map(({ browserClosed }) => browserClosed);

beforeEach(async () => {
  at = await BrowserBench.of(CHROMIUM);
  lease = await at.lease();
  chromium = new StandInChromium();
  uses = [];
});
afterEach(async () => {
  await chromium[Symbol.asyncDispose]();
  await at[Symbol.asyncDispose]();
});

describe('a browser is not launched', () => {
  it.each<[string, () => Promise<unknown>]>([
    ['lease.release', () => lease.release({ outcome: 'failed' })],
    ['worker.shutdown', () => at.bench.worker.shutdown()],
  ])('anew while %s closes the one before it, whose end is confirmed', async (_, end) => {
    const { begun, use } = untilClosed();
    const again = run(use).catch(() => run());
    await begun;
    void end();
    await expect(again).rejects.toMatchObject({ code: 'lease-ended' });
    await expect.poll(saysClosed).toEqual(['confirmed']);
    expect(chromium.launched).toHaveLength(1);
    expect(chromium.aliveCount).toBe(0);
  });

  it('where the release begins while its directory is looked at', async () => {
    const running = run();
    void lease.release();
    await expect(running).rejects.toMatchObject({ code: 'lease-ended' });
    expect(chromium.launched).toEqual([]);
    await expect.poll(saysClosed).toEqual(['confirmed']);
  });

  it('where the lease is paused while its directory is looked at, until it goes on', async () => {
    const running = run();
    pause();
    await at.bench.clock.advance(1_000);
    expect(chromium.launched).toEqual([]);
    await resume();
    await running;
    expect(chromium.launched).toHaveLength(1);
  });

  it('where a paused lease that it waits for is given back', async () => {
    pause();
    const running = run();
    void lease.release();
    await expect(running).rejects.toMatchObject({ code: 'lease-ended' });
    expect(chromium.launched).toEqual([]);
  });
});

describe('the work with a browser', () => {
  it('does not begin where the lease was lost during the launch', async () => {
    chromium.whileLaunching = lose;
    await expect(run()).rejects.toMatchObject({ code: 'lease-lost' });
    expect(uses).toEqual([]);
    expect(chromium.aliveCount).toBe(0);
  });

  it('does not begin where the release began during the launch, and the end is confirmed', async () => {
    chromium.whileLaunching = () => void lease.release();
    await expect(run()).rejects.toMatchObject({ code: 'lease-ended' });
    expect(uses).toEqual([]);
    expect(chromium.aliveCount).toBe(0);
    await expect.poll(saysClosed).toEqual(['confirmed']);
  });

  it('is online when it begins, however long it took to set the browser offline in a pause that is over', async () => {
    const gone = Promise.withResolvers<undefined>();
    let calls = 0;
    chromium.whileLaunching = () => {
      pause();
      for (const context of chromium.launched)
        context.whileGoingOffline = () => {
          calls += 1;
          return gone.promise;
        };
    };
    const running = run();
    await expect.poll(() => calls).toBeGreaterThan(0);
    await resume();
    expect(uses).toEqual([]);
    gone.resolve(undefined);
    await running;
    expect(uses).toEqual([false]);
  });

  describe('of a lease that was paused during the launch', () => {
    let running: Promise<unknown>;

    beforeEach(async () => {
      chromium.whileLaunching = pause;
      running = run();
      running.catch(() => undefined);
      await expect.poll(() => chromium.launched[0]?.offline.at(-1)).toBe(true);
      await settle();
      expect(uses).toEqual([]);
    });

    it('begins when the lease goes on, and is online by then', async () => {
      await resume();
      await running;
      expect(uses).toEqual([false]);
    });

    it('does not begin where the lease is lost in place of that', async () => {
      await lose();
      await expect(running).rejects.toMatchObject({ code: 'lease-lost' });
      expect(uses).toEqual([]);
      expect(chromium.aliveCount).toBe(0);
    });

    it('does not begin where the lease is given back in place of that', async () => {
      void lease.release();
      await expect(running).rejects.toMatchObject({ code: 'lease-ended' });
      expect(uses).toEqual([]);
      await expect.poll(saysClosed).toEqual(['confirmed']);
    });
  });
});

describe('a release', () => {
  /** Behind releaseTimeoutMs, with a browser that has not ended yet. */
  async function releaseSlowly(): Promise<{ readonly end: () => void }> {
    const { promise: ended, resolve } = Promise.withResolvers<undefined>();
    const { begun, use } = untilClosed();
    run(use, { closeTimeoutMs: 20_000 }).catch(() => undefined);
    await begun;
    for (const context of chromium.launched) context.whileClosing = () => ended;
    void lease.release();
    await at.bench.clock.advance(26_999);
    expect(saysClosed()).toEqual([]);
    return { end: () => resolve(undefined) };
  }

  it('waits for a browser that may take longer than releaseTimeoutMs, and confirms its end', async () => {
    const { end } = await releaseSlowly();
    end();
    await expect.poll(saysClosed).toEqual(['confirmed']);
  });

  it('waits for closeTimeoutMs and the time for killing, and no longer', async () => {
    const { end } = await releaseSlowly();
    await at.bench.clock.advance(1);
    expect(saysClosed()).toEqual(['unconfirmed']);
    end();
  });
});
