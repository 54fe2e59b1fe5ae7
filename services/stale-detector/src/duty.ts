import {
  detectorDeadline,
  isForSilence,
  massSilenceOwed,
  owedByDetector,
  type Policy,
} from '@profile-warden/domain';
import type { Duty, Work } from '@profile-warden/service';

/** Who has gone silent: suspicion, unless so many fell silent at once that the monitor is the likelier culprit. */
export const detectorDuty = (policy: Policy): Duty => ({
  gather: (view, profiles) => {
    const suspicions: Work[] = [];
    let isMass: boolean | null = null;
    let notice: Work | null = null;
    for (const profile of profiles) {
      const event = owedByDetector(view.caseOf(profile));
      if (event === null) continue;
      if (isForSilence(event.cause) && profile.pulse?.countedBy == null) {
        if (isMass === null) {
          const mass = massSilenceOwed(view.state, policy);
          isMass = mass !== null;
          notice = mass === null ? null : { scope: null, event: mass };
        }
        if (isMass) continue;
      }
      suspicions.push({ scope: profile.profileId, event });
    }
    return notice === null ? suspicions : [notice, ...suspicions];
  },
  deadline: detectorDeadline,
});
