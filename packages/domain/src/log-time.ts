import type { EventOf } from '@profile-warden/events';
import { MAX_INTERVALS_PER_TICK } from './bounds.ts';
import type { PartitionState } from './state.ts';

/**
 * A tick moves log time by the broker time since the tick before it, never back and never by more than two of its own
 * intervals: whatever stood still or jumped outside, no lease ages by it.
 */
export const foldTick = (
  state: PartitionState,
  tick: EventOf<'ClockTicked'>,
  at: { brokerMs: number; offset: number },
): void => {
  const last = state.lastTick;
  if (last !== null) {
    const passedMs = Math.max(0, at.brokerMs - last.brokerMs);
    state.logMs += Math.min(passedMs, MAX_INTERVALS_PER_TICK * Math.max(0, tick.intervalMs));
  }
  state.lastTick = { brokerMs: at.brokerMs, offset: at.offset };
};
