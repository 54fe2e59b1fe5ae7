import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { Holder } from './holder.fixture.ts';
import { useFaultWorld } from './shared-world.fixture.ts';
import { LIMIT_MS, WORKER_POLICY } from './worker-policy.fixture.ts';

const BOUND_MS = 120_000;
const OUTAGE_MS = 60_000;
const PROCESS_COUNT = 4;
const LEASE_COUNT = 50;
const TOTAL = PROCESS_COUNT * LEASE_COUNT;
/** How much later than its limit a busy machine may let a worker notice. What it may do meanwhile has no slack. */
const NOTICE_MS = 5_000;

const names = (lines: readonly { readonly profileId: string }[]): number =>
  new Set(lines.map(({ profileId }) => profileId)).size;

describe('200 leases in 4 processes', () => {
  const opened = useFaultWorld({ policy: WORKER_POLICY });

  it('C43 C45 C51 pause in a broker outage when their limit is over, act on nothing, and all go on behind it', async () => {
    const { world } = opened;
    await using stack = new AsyncDisposableStack();
    const holders: Holder[] = [];
    for (let index = 0; index < PROCESS_COUNT; index += 1)
      holders.push(stack.use(await Holder.start(world, `outage-${index}`, LEASE_COUNT)));
    const all = (did: Parameters<Holder['did']>[0], fromMs = 0, toMs = Infinity) =>
      holders.flatMap((holder) => holder.did(did, fromMs, toMs));
    await Promise.all(holders.map((holder) => holder.until('holding', BOUND_MS)));
    await expect.poll(() => names(all('act')), { timeout: BOUND_MS, interval: 500 }).toBe(TOTAL);

    const cutAt = Date.now();
    world.proxy.disconnect();
    await sleep(OUTAGE_MS);
    const healedAt = Date.now();
    world.proxy.heal();
    await expect.poll(() => names(all('act', healedAt)), { timeout: BOUND_MS, interval: 500 }).toBe(TOTAL);

    const pauses = all('pause', cutAt);
    expect(names(pauses)).toBe(TOTAL);
    const waits = pauses.map(({ at }) => at - cutAt);
    // The last heartbeat that came back was sent up to an interval before the cut.
    const { heartbeatEveryMs } = world.policy;
    expect(Math.min(...waits)).toBeGreaterThan(LIMIT_MS - heartbeatEveryMs - 2_000);
    expect(Math.max(...waits)).toBeLessThan(LIMIT_MS + NOTICE_MS);
    expect(all('act', cutAt + LIMIT_MS, healedAt), 'acts during the pause').toEqual([]);
    expect(all('act', cutAt, cutAt + LIMIT_MS - heartbeatEveryMs - 2_000).length).toBeGreaterThan(0);
    expect(all('lost'), 'leases that were given up').toEqual([]);

    for (const holder of holders) holder.order({ do: 'shut-down' });
    await Promise.all(holders.map((holder) => holder.until('shut-down', BOUND_MS)));
    const { records } = await world.expectSound(TOTAL);
    const types = [...records.values()].flat().map(({ event }) => event.type);
    expect(types.filter((type) => type === 'Quarantined')).toEqual([]);
    expect(types.filter((type) => type === 'LeaseReleased')).toHaveLength(TOTAL);
  });
});
