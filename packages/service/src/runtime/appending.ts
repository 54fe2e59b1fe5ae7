import type { Appender } from '@profile-warden/events';
import type { Opener, Payer } from './duty.ts';

const EVENTS_PER_APPEND_MAX = 1_000;

/** Opens partitions for a service that pays by plain appends: live once the end of the log at assignment is folded. */
export const appendingOpener = (appender: Appender): Opener => {
  const payer: Payer = {
    pay: (events) => appender.append(events),
    eventsMax: EVENTS_PER_APPEND_MAX,
    close: () => Promise.resolve(),
  };
  return (_partition, range, state) =>
    Promise.resolve({
      state,
      payer,
      standing: (folded) => (folded.nextOffset >= range.end ? 'live' : 'restoring'),
    });
};
