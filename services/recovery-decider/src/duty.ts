import { owedByDecider } from '@profile-warden/domain';
import type { Duty } from '@profile-warden/service';

/** One decision for every inspected case, by the first rule of the table that matches. */
export const deciderDuty: Duty = {
  gather: (view, profiles) =>
    profiles.flatMap((profile) => {
      const event = owedByDecider(view.caseOf(profile));
      return event === null ? [] : [{ scope: profile.profileId, event }];
    }),
  // An inspected case owes its decision at once, by the record that inspected it.
  deadline: () => null,
};
