import { EVENT_TYPES, type EventType, type NewEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import { BATCH_BYTES_MAX, EventRefusedError, encodeAll, leadingCount } from './event-encoder.ts';

const schemaIds = new Map<EventType, number>(EVENT_TYPES.map((type, index) => [type, index + 1]));
const options = { topic: 't', partitionCount: 6, schemaIds, source: 'spec' };
const tick: NewEvent = {
  id: 'tick',
  profileId: null,
  partition: 2,
  event: { type: 'ClockTicked', intervalMs: 1, epoch: -1 },
};

describe('encoding events for the log', () => {
  it('names the partition of each and counts its bytes', () => {
    const [encoded] = encodeAll([tick], options);
    expect(encoded?.message).toMatchObject({ key: null, partition: 2 });
    expect(encoded?.bytes).toBeGreaterThan(encoded?.message.value?.length ?? 0);
  });

  it('refuses the whole call and says which event is wrong', () => {
    const lost = { ...tick, partition: 6 };
    expect(() => encodeAll([tick, lost], options)).toThrow(EventRefusedError);
    expect(() => encodeAll([tick, lost], options)).toThrow(/^event 1: /);
  });
});

describe('the events that fit into one batch', () => {
  const sized = (...bytes: number[]) => bytes.map((size) => ({ bytes: size }));
  it('are bounded by bytes and by count', () => {
    expect(leadingCount(sized(1, 1, 1), 2)).toBe(2);
    expect(leadingCount(sized(BATCH_BYTES_MAX / 2, BATCH_BYTES_MAX / 2, 1), 10)).toBe(2);
    expect(leadingCount([], 10)).toBe(0);
  });
  it('are at least one', () => {
    expect(leadingCount(sized(BATCH_BYTES_MAX * 2, 1), 10)).toBe(1);
  });
});
