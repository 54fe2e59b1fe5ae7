import { describe, expect, it } from 'vitest';
import { startBench } from './authority.fixture.ts';
import type { Bench } from './authority.fixture.ts';
import { LeaseLostError } from './errors.ts';
import type { Lease } from './lease.ts';
import { settle } from './memory-log.fixture.ts';

/** leaseMs − marginMs */
const LIMIT_MS = 95_000;
const isBeat = ({ type }: { type: string }): boolean => type === 'Heartbeat';

interface Setup extends Bench {
  readonly held: Lease;
  readonly calls: string[];
}

const setUp = async (): Promise<Setup> => {
  const bench = await startBench();
  const held = await bench.lease();
  const calls: string[] = [];
  held.onPause(() => calls.push('pause'));
  held.onResume(() => calls.push('resume'));
  held.signal.addEventListener('abort', () => calls.push('lost'));
  return { ...bench, held, calls };
};

describe('a lease whose heartbeats come back', () => {
  it('stays active', async () => {
    const { clock, held, calls, log } = await setUp();
    await clock.advance(300_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual([]);
    expect(log.of('Heartbeat').map(({ seq }) => seq)).toEqual(Array.from({ length: 31 }, (_, i) => i + 1));
  });

  it('is not harmed by one failed send', async () => {
    const { clock, held, calls, log, notices } = await setUp();
    log.fail('lost', isBeat, 1);
    await clock.advance(13_000);
    // The next one did not wait for a whole interval.
    expect(log.of('Heartbeat')).toHaveLength(2);
    await clock.advance(107_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual([]);
    expect(notices).toMatchObject([{ type: 'heartbeat-failed', profileIds: ['p1'] }]);
  });
});

describe('a lease whose heartbeats all fail', () => {
  it('is paused at its deadline, which counts from the last one that came back, and not before', async () => {
    const { clock, held, calls, log } = await setUp();
    log.fail('lost', isBeat);
    await clock.advance(LIMIT_MS - 1);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual([]);
    await clock.advance(501);
    expect(held.canAct()).toBe(false);
    expect(held.paused).toBe(true);
    expect(calls).toEqual(['pause']);
  });

  it('is paused although the send hangs for ever', async () => {
    const { clock, held, calls, log } = await setUp();
    log.fail('hangs', isBeat);
    log.hold();
    await clock.advance(LIMIT_MS + 10_500);
    expect(held.canAct()).toBe(false);
    expect(calls).toEqual(['pause']);
    expect(log.of('Heartbeat')).toHaveLength(2);
  });

  it('is active again when a newer heartbeat came back', async () => {
    const { clock, held, calls, log, notices } = await setUp();
    log.fail('lost', isBeat);
    await clock.advance(LIMIT_MS + 30_000);
    log.heal();
    await clock.advance(10_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
    expect(notices.at(-1)).toMatchObject({ type: 'lease-resumed', profileId: 'p1', token: 1 });
  });

  it('is lost after pauseMaxMs, and then sends nothing but its release', async () => {
    const { clock, held, calls, log, authority } = await setUp();
    log.fail('lost', isBeat);
    await clock.advance(LIMIT_MS + 600_000 + 1_000);
    expect(calls).toEqual(['pause', 'lost']);
    expect(held.signal.reason).toMatchObject({ code: 'lease-lost', lossCause: 'pause-exceeded' });
    expect(held.paused).toBe(false);
    log.heal();
    const before = log.records.length;
    await clock.advance(60_000);
    await expect(held.announceSilence(1_000)).rejects.toBeInstanceOf(LeaseLostError);
    expect(log.records).toHaveLength(before);
    const released = held.release({ browserClosed: 'confirmed' });
    await settle();
    authority.released('p1', 1);
    expect(await released).toEqual({ ended: 'released' });
    expect(log.records.slice(before).map(({ event }) => event.type)).toEqual([
      'ReleaseRequested',
      'LeaseReleased',
    ]);
  });
});

describe('a lease whose records come back late', () => {
  it('is active again if one of them was sent within the limit', async () => {
    const { clock, held, log, calls } = await setUp();
    log.hold();
    await clock.advance(LIMIT_MS + 5_000);
    expect(held.canAct()).toBe(false);
    log.letGo();
    await settle();
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('stays paused if all of them were sent too long ago', async () => {
    const { clock, held, log, calls } = await setUp();
    log.hold();
    await clock.advance(LIMIT_MS + 5_000);
    clock.freeze(LIMIT_MS);
    log.letGo();
    await settle();
    expect(held.canAct()).toBe(false);
    expect(calls).toEqual(['pause']);
  });

  it('is not vouched for by the heartbeat of another run', async () => {
    const { clock, held, log, authority } = await setUp();
    log.fail('lost', isBeat);
    await clock.advance(LIMIT_MS);
    const beat = { type: 'Heartbeat', token: 1, seq: 9, browser: 'reachable', loopLagMs: 0 } as const;
    for (let seq = 1; seq < 40; seq += 1) authority.keyed('p1', { ...beat, seq, incarnation: 'other' });
    await settle();
    expect(held.canAct()).toBe(false);
  });
});

describe('a process that stood still', () => {
  it('cannot act when it wakes, before any timer has fired', async () => {
    const { clock, held, calls } = await setUp();
    clock.freeze(600_000);
    expect(held.canAct()).toBe(false);
    await settle();
    expect(calls).toEqual(['pause']);
  });

  it('asks first, and learns that it was revoked meanwhile', async () => {
    const { clock, held, calls, log, authority } = await setUp();
    log.hold();
    authority.quarantine('p1', 1);
    clock.freeze(600_000);
    log.letGo();
    await clock.advance(500);
    expect(held.signal.reason).toMatchObject({ lossCause: 'quarantined' });
    expect(held.canAct()).toBe(false);
    expect(calls).toEqual(['lost']);
  });

  it('goes on when its lease is still its own', async () => {
    const { clock, held, calls } = await setUp();
    clock.freeze(600_000);
    await clock.advance(1_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
  });
});

describe('a wall clock that jumps', () => {
  it('ahead pauses until the next heartbeat came back, which is at once', async () => {
    const { clock, held, calls } = await setUp();
    clock.jumpWall(7_200_000);
    expect(held.canAct()).toBe(false);
    await clock.advance(1_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual(['pause', 'resume']);
  });

  it('back changes nothing', async () => {
    const { clock, held, calls } = await setUp();
    clock.jumpWall(-3_600_000);
    await clock.advance(60_000);
    expect(held.canAct()).toBe(true);
    expect(calls).toEqual([]);
  });
});

describe('a revoked lease', () => {
  it('aborts its signal and beats no more', async () => {
    const { clock, held, calls, log, authority, notices } = await setUp();
    authority.quarantine('p1', 1);
    await settle();
    expect(calls).toEqual(['lost']);
    expect(held.canAct()).toBe(false);
    expect(held.signal.reason).toBeInstanceOf(LeaseLostError);
    expect(notices.at(-1)).toMatchObject({ type: 'lease-lost', token: 1 });
    await clock.advance(60_000);
    expect(log.of('Heartbeat')).toHaveLength(1);
  });

  it('does not listen to an authority of an older epoch', async () => {
    const { held, authority } = await setUp();
    authority.keyless(0, { type: 'ClockTicked', intervalMs: 1_000, epoch: authority.epoch + 100 });
    authority.quarantine('p1', 1);
    await settle();
    expect(held.canAct()).toBe(true);
  });
});

describe('callbacks that throw', () => {
  it('become notices and break nothing', async () => {
    const { clock, held, notices, calls } = await setUp();
    held.onPause(() => {
      throw new Error('no context');
    });
    held.onPause(() => Promise.reject(new Error('no page')));
    clock.freeze(600_000);
    await clock.advance(1_000);
    expect(calls).toEqual(['pause', 'resume']);
    expect(notices.filter(({ type }) => type === 'callback-failed')).toHaveLength(2);
  });
});
