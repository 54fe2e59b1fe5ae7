import { describe, expect, it } from 'vitest';
import { LeaseDeadline } from './lease-deadline.ts';
import { VirtualClock } from './memory-log.fixture.ts';

const LIMIT_MS = 95_000;

const setUp = (): { clock: VirtualClock; deadline: LeaseDeadline } => {
  const clock = new VirtualClock();
  return { clock, deadline: new LeaseDeadline(clock, LIMIT_MS) };
};

describe('the local deadline', () => {
  it('is past before the first heartbeat was read back', () => {
    const { deadline } = setUp();
    deadline.sent(1);
    expect(deadline.isPast()).toBe(true);
  });

  it('counts from when the heartbeat was sent, not from when it came back', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    clock.freeze(40_000);
    deadline.confirmed(1);
    expect(deadline.leftMs()).toBe(LIMIT_MS - 40_000);
    clock.freeze(54_999);
    expect(deadline.isPast()).toBe(false);
    clock.freeze(1);
    expect(deadline.isPast()).toBe(true);
  });

  it('is past at once when only the wall clock went on, as while a host sleeps', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    deadline.confirmed(1);
    clock.jumpWall(700_000);
    expect(deadline.isPast()).toBe(true);
  });

  it('is not prolonged by a wall clock that is set back', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    deadline.confirmed(1);
    clock.jumpWall(-3_600_000);
    expect(deadline.leftMs()).toBe(LIMIT_MS);
    clock.freeze(LIMIT_MS);
    expect(deadline.isPast()).toBe(true);
  });

  it('begins again with a heartbeat that was sent after the jump', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    deadline.confirmed(1);
    clock.jumpWall(700_000);
    deadline.sent(2);
    deadline.confirmed(2);
    expect(deadline.leftMs()).toBe(LIMIT_MS);
  });

  it('stays past when the heartbeat that comes back was sent too long ago', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    clock.freeze(600_000);
    deadline.confirmed(1);
    expect(deadline.isPast()).toBe(true);
  });

  it('does not go back when an older heartbeat comes back late', () => {
    const { clock, deadline } = setUp();
    deadline.sent(1);
    clock.freeze(10_000);
    deadline.sent(2);
    deadline.confirmed(2);
    deadline.confirmed(1);
    expect(deadline.leftMs()).toBe(LIMIT_MS);
  });

  it('knows nothing of heartbeats that it did not send', () => {
    const { deadline } = setUp();
    deadline.confirmed(5);
    expect(deadline.isPast()).toBe(true);
  });

  it('forgets the oldest of too many that never came back', () => {
    const { deadline } = setUp();
    for (let seq = 1; seq <= 33; seq += 1) deadline.sent(seq);
    deadline.confirmed(1);
    expect(deadline.isPast()).toBe(true);
    deadline.confirmed(2);
    expect(deadline.isPast()).toBe(false);
  });
});
