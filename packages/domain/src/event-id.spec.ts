import {
  beat,
  decided,
  evidence,
  fenceConfirmed,
  massSilence,
  suspected,
} from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { eventId } from './index.ts';

describe('the id of an owed event', () => {
  it('is the same for the same obligation, whatever else the event says', () => {
    expect(eventId('p1', evidence(4))).toBe(eventId('p1', evidence(9, { complete: false })));
    expect(eventId('p1', suspected('never-ready', null, { silenceMs: 1 }))).toBe(
      eventId('p1', suspected('never-ready', null, { silenceMs: 2 })),
    );
  });
  it('differs where the obligation does', () => {
    const ids = [
      eventId('p1', evidence(4)),
      eventId('p2', evidence(4)),
      eventId('p1', evidence(4, { attempt: 2 })),
      eventId('p1', evidence(4, { round: 2 })),
      eventId('p1', decided(4)),
      eventId('p1', decided(5)),
      eventId('p1', fenceConfirmed('accounts')),
      eventId('p1', fenceConfirmed('orders')),
      eventId('p1', suspected('heartbeat-stopped', 4)),
      eventId('p1', suspected('heartbeat-stopped', 5)),
      eventId(0, massSilence(100)),
      eventId(1, massSilence(100)),
    ];
    expect(new Set(ids).size).toBe(ids.length);
  });
  it('is refused for what no service owes', () => {
    expect(() => eventId('p1', beat())).toThrow(/no obligation/);
  });
});
