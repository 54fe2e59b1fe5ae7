import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { BROWSERS, RunningBrowser, isInstalled } from '../evidence/browser.fixture.ts';
import type { FaultWorld } from './fault-world.fixture.ts';
import { Holder } from './holder.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';
import { WORKER_POLICY } from './worker-policy.fixture.ts';

const BOUND_MS = 120_000;
const LEASE_COUNT = 3;
const BLOCK_MS = 40_000;
/** Above leaseMs and what the authority needs beyond it. */
const STOP_MS = 52_000;

/** The socket of a real browser, and null where none is installed. */
const openBrowser = async (stack: AsyncDisposableStack): Promise<string | null> => {
  if (!isInstalled(BROWSERS.CHROMIUM)) {
    process.stdout.write(`C30 asks no browser: ${BROWSERS.CHROMIUM.program} is not installed\n`);
    return null;
  }
  const profile = await mkdtemp(join(tmpdir(), 'warden-stalled-browser-'));
  stack.defer(() => rm(profile, { recursive: true, force: true, maxRetries: 5 }));
  const browser = new RunningBrowser(BROWSERS.CHROMIUM, profile, 'about:blank');
  stack.defer(async () => {
    browser.signal('SIGKILL');
    await browser.ended();
  });
  await browser.up();
  return BROWSERS.CHROMIUM.closeBy(join(profile, BROWSERS.CHROMIUM.portFile)).url;
};

const working = async (
  world: FaultWorld,
  name: string,
  browserUrl: string | null = null,
): Promise<Holder> => {
  const holder = await Holder.start(world, name, LEASE_COUNT, { actEveryMs: 1_000, browserUrl });
  await holder.until('holding', BOUND_MS);
  await expect.poll(() => holder.did('act').length, { timeout: BOUND_MS }).toBeGreaterThan(LEASE_COUNT);
  return holder;
};

describe('a worker that does not come round to anything', () => {
  const opened = useFaultWorld({ policy: WORKER_POLICY });

  it('C30 with its event loop blocked for 40 s keeps its leases, and is seen to be stalled meanwhile', async () => {
    const { world } = opened;
    await using stack = new AsyncDisposableStack();
    const browserUrl = await openBrowser(stack);
    const holder = stack.use(await working(world, 'blocked', browserUrl));
    const blockedAt = Date.now();
    holder.order({ do: 'block', ms: BLOCK_MS });
    await expect
      .poll(() => holder.did('act', blockedAt + BLOCK_MS).length, { timeout: BOUND_MS })
      .toBeGreaterThan(LEASE_COUNT);
    // It was away for longer than its limit: it may have asked first, and went on.
    expect(holder.did('lost')).toEqual([]);
    holder.order({ do: 'shut-down' });
    await holder.until('shut-down', BOUND_MS);
    const { records } = await world.expectSound(LEASE_COUNT);
    const ours = [...records.values()].flat().filter(({ profileId }) => profileId?.startsWith('blocked-'));
    const beats = ours.flatMap(({ event, brokerMs }) =>
      event.type === 'Heartbeat' && brokerMs > blockedAt + 5_000 && brokerMs < blockedAt + BLOCK_MS
        ? [event]
        : [],
    );
    const lags = beats.map(({ loopLagMs }) => loopLagMs);
    // While it lasted, each heartbeat told of it, and the last ones of nearly all of it.
    expect(lags.length).toBeGreaterThanOrEqual(LEASE_COUNT * 6);
    expect(Math.min(...lags)).toBeGreaterThan(1_000);
    expect(Math.max(...lags)).toBeGreaterThan(BLOCK_MS - 10_000);
    // A browser that is asked over its own socket answers meanwhile; one that the blocked thread would have to ask cannot.
    expect(new Set(beats.map(({ browser }) => browser))).toEqual(
      new Set([browserUrl === null ? 'unreachable' : 'reachable']),
    );
    const types = ours.map(({ event }) => event.type);
    expect(types).not.toContain('SuspectedStale');
    expect(types).not.toContain('Quarantined');
  });

  it('C27 C38 stopped for longer than its lease comes back paused, sees the revocation and acts on nothing', async () => {
    const { world } = opened;
    await using holder = await working(world, 'stopped');
    holder.signal('SIGSTOP');
    await sleep(STOP_MS);
    await world.untilLogged(
      'the quarantine of all its leases',
      ({ records }) =>
        records.filter(
          ({ event, profileId }) => event.type === 'Quarantined' && profileId?.startsWith('stopped-'),
        ).length === LEASE_COUNT,
    );
    const wokenAt = Date.now();
    holder.signal('SIGCONT');
    await expect.poll(() => holder.did('lost', wokenAt).length, { timeout: BOUND_MS }).toBe(LEASE_COUNT);
    await sleep(5_000);
    const after = holder.journal.filter(({ at }) => at >= wokenAt);
    expect(after.filter(({ did }) => did !== 'pause' && did !== 'lost')).toEqual([]);
    const firsts = new Map(after.toReversed().map(({ profileId, did }) => [profileId, did]));
    expect([...firsts.values()]).toEqual(Array.from({ length: LEASE_COUNT }, () => 'pause'));
    await world.expectSound(LEASE_COUNT);
  });
});
