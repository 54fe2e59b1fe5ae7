import { eventId } from '@profile-warden/domain';
import type { Duty, PartitionView, Work } from '@profile-warden/service';
import type { MemoryLog } from '../memory/index.ts';
import { Violation } from '../walk/ledger.ts';

/** The real duty, and beside it a note of what each decision was based on: by epoch and event id, an offset. */
export const notingDuty = (duty: Duty, decidedOn: Map<string, number>): Duty => ({
  ...duty,
  gather: (view, profiles) => {
    const work = duty.gather(view, profiles);
    for (const one of work)
      if ('event' in one && 'epoch' in one.event && one.scope !== null)
        decidedOn.set(`${one.event.epoch}|${eventId(one.scope, one.event)}`, view.state.nextOffset - 1);
    return work;
  },
});

/** The real duty; whoever looks must not claim to have read what came into the log while he looked. */
export const watchedLooks = (
  duty: Duty,
  log: MemoryLog,
  onViolation: (violation: Violation) => void,
): Duty => {
  const watched = (view: PartitionView, work: Work): Work =>
    'event' in work
      ? work
      : {
          ...work,
          run: async (signal) => {
            const endBefore = log.partition(view.state.partition).end;
            const event = await work.run(signal);
            if (event?.type === 'EvidenceCollected' && event.basedOn >= endBefore)
              onViolation(
                new Violation(
                  'evidence',
                  `the look at ${work.scope} began at ${endBefore} and claims to have read ${event.basedOn}`,
                ),
              );
            return event;
          },
        };
  return {
    ...duty,
    gather: (view, profiles) => duty.gather(view, profiles).map((one) => watched(view, one)),
  };
};
