import { CodecError, type NewEvent } from '@profile-warden/events';
import { describe, expect, it } from 'vitest';
import type { Opening } from './duty.ts';
import { Payments } from './payments.ts';

const eventOf = (profileId: string): NewEvent => ({
  id: `event-${profileId}`,
  profileId,
  event: { type: 'ResumeExpired', epoch: 1, token: 1, round: 1 },
});

class Desk {
  readonly sent: string[] = [];
  readonly due: string[] = [];
  readonly unencodable = new Set<string>();
  mayPay = true;
  readonly payments: Payments;
  readonly opening: Opening;

  constructor(afterSend: (desk: Desk) => void = () => undefined) {
    const pay = (events: readonly NewEvent[]): Promise<readonly number[]> => {
      const ids = events.map(({ id }) => id);
      if (ids.some((id) => this.unencodable.has(id)))
        return Promise.reject(new CodecError('key-missing', 'no key'));
      this.sent.push(...ids);
      afterSend(this);
      return Promise.resolve(events.map((_, index) => index));
    };
    this.opening = { payer: { pay, eventsMax: 10, close: () => Promise.resolve() } } as unknown as Opening;
    this.payments = new Payments({
      partition: 0,
      clock: { now: () => 0, sleep: () => Promise.resolve() },
      signal: new AbortController().signal,
      onSignal: () => undefined,
      mayPay: () => this.mayPay,
      isCurrent: () => true,
      nextOffset: () => 100,
      onDue: (scope) => this.due.push(scope),
      onRested: (scope) => this.due.push(scope),
      onLost: () => undefined,
      failureIsLoss: false,
    });
  }
}

describe('an event that cannot be encoded', () => {
  it('is not sent again while its profile stays as it is, and holds its profile up no longer than that', async () => {
    const desk = new Desk();
    desk.unencodable.add('event-p');
    await desk.payments.payAll(desk.opening, [eventOf('p')]);
    desk.unencodable.clear();
    // An errand brings the same event again.
    desk.payments.expect('p');
    await desk.payments.payAll(desk.opening, [eventOf('p')]);
    expect([desk.sent, desk.payments.isAwaited('p')]).toEqual([[], false]);
    desk.payments.changed('p');
    await desk.payments.payAll(desk.opening, [eventOf('p')]);
    expect(desk.sent).toEqual(['event-p']);
  });

  it('leaves what was to be sent beside it owed, where the partition is lost meanwhile', async () => {
    const desk = new Desk(({ sent }) => {
      if (sent.length === 1) desk.mayPay = false;
    });
    desk.unencodable.add('event-b');
    await desk.payments.payAll(desk.opening, [eventOf('a'), eventOf('b'), eventOf('c')]);
    expect(desk.sent).toEqual(['event-a']);
    expect(desk.due).toEqual(expect.arrayContaining(['b', 'c']));
  });
});
