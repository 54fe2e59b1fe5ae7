import { describe, expect, it } from 'vitest';
import { LeaseDeadline, instantOf } from './lease-deadline.ts';
import { VirtualClock } from './memory-log.fixture.ts';

const LIMIT_MS = 95_000;

const setUp = (): { clock: VirtualClock; deadline: LeaseDeadline } => {
  const clock = new VirtualClock();
  return { clock, deadline: new LeaseDeadline(clock, LIMIT_MS) };
};

describe('the local deadline', () => {
  it('is past before the first heartbeat was read back', () => {
    expect(setUp().deadline.isPast()).toBe(true);
  });

  it('counts from when the heartbeat was sent, not from when it came back', () => {
    const { clock, deadline } = setUp();
    const sent = instantOf(clock);
    clock.freeze(40_000);
    deadline.confirmed(sent);
    expect(deadline.leftMs()).toBe(LIMIT_MS - 40_000);
    clock.freeze(54_999);
    expect(deadline.isPast()).toBe(false);
    clock.freeze(1);
    expect(deadline.isPast()).toBe(true);
  });

  it('is past at once when only the wall clock went on, as while a host sleeps', () => {
    const { clock, deadline } = setUp();
    deadline.confirmed(instantOf(clock));
    clock.jumpWall(700_000);
    expect(deadline.isPast()).toBe(true);
  });

  it('is not prolonged by a wall clock that is set back', () => {
    const { clock, deadline } = setUp();
    deadline.confirmed(instantOf(clock));
    clock.jumpWall(-3_600_000);
    expect(deadline.leftMs()).toBe(LIMIT_MS);
    clock.freeze(LIMIT_MS);
    expect(deadline.isPast()).toBe(true);
  });

  it('begins again with a heartbeat that was sent after the jump', () => {
    const { clock, deadline } = setUp();
    deadline.confirmed(instantOf(clock));
    clock.jumpWall(700_000);
    clock.freeze(1);
    deadline.confirmed(instantOf(clock));
    expect(deadline.leftMs()).toBe(LIMIT_MS);
  });

  it('stays past when the heartbeat that comes back was sent too long ago', () => {
    const { clock, deadline } = setUp();
    const sent = instantOf(clock);
    clock.freeze(600_000);
    deadline.confirmed(sent);
    expect(deadline.isPast()).toBe(true);
  });

  it('does not go back when an older heartbeat comes back late', () => {
    const { clock, deadline } = setUp();
    const older = instantOf(clock);
    clock.freeze(10_000);
    deadline.confirmed(instantOf(clock));
    deadline.confirmed(older);
    expect(deadline.leftMs()).toBe(LIMIT_MS);
  });
});
