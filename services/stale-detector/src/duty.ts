import {
  detectorDeadline,
  isForSilence,
  massSilenceOwed,
  owedByDetector,
  type PartitionState,
  type Policy,
} from '@profile-warden/domain';
import type { EventOf } from '@profile-warden/events';
import type { Duty, Work } from '@profile-warden/service';

/** Who has gone silent: suspicion, unless so many fell silent at once that the monitor is the likelier culprit. */
export const detectorDuty = (policy: Policy): Duty => ({
  gather: (view, profiles) => {
    const suspicions: Work[] = [];
    const masses = new MassSilences(view.state, policy);
    for (const profile of profiles) {
      const event = owedByDetector(view.caseOf(profile));
      if (event === null) continue;
      if (isForSilence(event.cause) && profile.pulse?.countedBy == null) {
        const { suspectAfterMs } = view.caseOf(profile).policy;
        if (masses.isOwed(suspectAfterMs)) continue;
      }
      suspicions.push({ scope: profile.profileId, event });
    }
    const notice = masses.widest();
    return notice === null ? suspicions : [{ scope: null, event: notice }, ...suspicions];
  },
  deadline: detectorDeadline,
});

/** The partition is counted once for each patience that is asked about: labels may ask for another. */
class MassSilences {
  readonly #state: PartitionState;
  readonly #policy: Policy;
  readonly #asked = new Map<number, EventOf<'MassSilence'> | null>();

  constructor(state: PartitionState, policy: Policy) {
    this.#state = state;
    this.#policy = policy;
  }

  isOwed(suspectAfterMs: number): boolean {
    let mass = this.#asked.get(suspectAfterMs);
    if (mass === undefined) {
      mass = massSilenceOwed(this.#state, this.#policy, suspectAfterMs);
      this.#asked.set(suspectAfterMs, mass);
    }
    return mass !== null;
  }

  /** The one that counts all which the others count; null where none is owed. */
  widest(): EventOf<'MassSilence'> | null {
    const owed = [...this.#asked.values()].filter((mass) => mass !== null);
    return owed.toSorted((one, other) => one.silentMs - other.silentMs)[0] ?? null;
  }
}
