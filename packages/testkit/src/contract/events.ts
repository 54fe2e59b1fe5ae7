import type { LogRecord, NewEvent } from '@profile-warden/events';

/** Small events whose ids say where they belong. */
export const heartbeat = (seq: number, profileId = 'profile-1'): NewEvent => ({
  id: `beat.${profileId}.${seq}`,
  profileId,
  event: { type: 'Heartbeat', token: 1, incarnation: 'run-1', seq, browser: 'reachable', loopLagMs: 1 },
});

export const tick = (seq: number, partition = 0): NewEvent => ({
  id: `tick.${partition}.${seq}`,
  profileId: null,
  partition,
  event: { type: 'ClockTicked', intervalMs: 1000, epoch: -1 },
});

export const ticks = (from: number, to: number, partition = 0): NewEvent[] =>
  Array.from({ length: to - from + 1 }, (_none, index) => tick(from + index, partition));

export const barrier = (name: string, partition = 0): NewEvent => ({
  id: `barrier.${partition}.${name}`,
  profileId: null,
  partition,
  event: { type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: name },
});

/** No interval, so no codec takes it. */
export const unencodable = (seq: number, partition = 0): NewEvent => {
  const { event, ...rest } = tick(seq, partition);
  return { ...rest, event: { ...event, intervalMs: 'soon' } as never };
};

export const oversize = (): NewEvent => heartbeat(1, 'p'.repeat(10_000));

export const never = new AbortController().signal;
export const idsOf = (records: readonly LogRecord[]): string[] => records.map(({ id }) => id);
