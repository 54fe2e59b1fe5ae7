import {
  authorityDeadline,
  owedByAuthority,
  rejectionOwed,
  type AuthorityDecision,
} from '@profile-warden/domain';
import { isReportEvent, type LogRecord, type WardenEvent } from '@profile-warden/events';
import type { Duty, PartitionView, Work } from '@profile-warden/service';
import { NoticeLimit } from './notice-limit.ts';

/** Every decision says under which barrier it was made. */
const stamped = (
  decision: AuthorityDecision | ReturnType<typeof rejectionOwed>,
  epoch: number,
): WardenEvent => ({ ...decision, epoch }) as WardenEvent;

/** Who may own which profile: the one writer of grants, denials, quarantines and the other turns of a lease. */
export const authorityDuty = (): Duty => {
  const notices = new NoticeLimit();
  return {
    gather: (view, profiles) =>
      profiles.flatMap((profile) =>
        owedByAuthority(view.caseOf(profile)).map((decision) => ({
          scope: profile.profileId,
          event: stamped(decision, view.state.epoch),
        })),
      ),
    deadline: authorityDeadline,
    observe: (view, record) => rejection(view, record, notices),
  };
};

/** Tells a late reporter that its token is no longer valid; a worker cut off for long learns it by this. */
const rejection = (view: PartitionView, record: LogRecord, notices: NoticeLimit): readonly Work[] => {
  const { event, profileId, offset } = record;
  if (profileId === null || !isReportEvent(event.type)) return [];
  const profile = view.state.profiles.get(profileId);
  const token = 'token' in event ? event.token : 'presentedToken' in event ? event.presentedToken : null;
  if (profile === undefined || token === null) return [];
  const notice = rejectionOwed(profile, { type: event.type, token, offset });
  if (notice === null || !notices.admits(`${profileId}/${token}/${event.type}`, view.state.logMs)) return [];
  return [{ scope: profileId, event: stamped(notice, view.state.epoch) }];
};
