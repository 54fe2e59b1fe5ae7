import { owedByProjector, type PartitionState } from '@profile-warden/domain';
import type { EventOf } from '@profile-warden/events';
import type { TargetRecord } from './target-record.ts';

/** A quarantine that cannot end before the target has confirmed it. */
export interface WaitingCase {
  readonly profileId: string;
  readonly partition: number;
  readonly token: number;
  readonly round: number;
  readonly sinceOffset: number;
  /** Other targets that have not confirmed it either. */
  readonly alsoWaitsFor: readonly string[];
}

export interface RetirementRefusal {
  readonly code: 'target-unknown' | 'target-served';
  readonly message: string;
}

/** Bound of the field that says which database confirmed. */
const INCARNATION_LENGTH_MAX = 128;

export const waitingFor = (state: PartitionState, target: string): WaitingCase[] =>
  [...state.profiles.values()].flatMap((profile) => {
    const owed = owedByProjector(profile);
    if (!owed.includes(target)) return [];
    const { profileId, token, round, since } = profile;
    return {
      profileId,
      partition: state.partition,
      token,
      round,
      sinceOffset: since.offset,
      alsoWaitsFor: owed.filter((other) => other !== target),
    };
  });

/** Why nobody may vouch for the target yet; null where somebody may. */
export const retirementRefusal = (
  target: string,
  { newest, servedBy }: TargetRecord,
): RetirementRefusal | null => {
  if (newest === undefined)
    return {
      code: 'target-unknown',
      message:
        `no projector of this read model was ever started with a fence target ${target}: correct the name. Where a ` +
        'lease-authority names it by mistake, give it the list of the projectors, and give a projector a database ' +
        'under that name once: it confirms what waits',
    };
  if (newest.what === 'added' || newest.what === 'moved')
    return {
      code: 'target-served',
      message:
        `${target} (${newest.address}) is served: it was given to ${newest.projector} by ${newest.byWhom}, ` +
        `${newest.at.toISOString()}. Take it out of WARDEN_FENCE_TARGETS of every lease-authority and every ` +
        'projector first, and start them again',
    };
  if (servedBy.length > 0)
    return {
      code: 'target-served',
      message:
        `${target} was taken from the list, but is still served by ${servedBy.join(', ')}: start it with the new ` +
        'list, and where it was killed, try again after a minute',
    };
  return null;
};

/** What a person says with it, in words that leave nothing out. */
export const vouchedFor = (target: string, address: string): readonly string[] => [
  `whoever retires ${target} vouches that nothing can be committed any more at ${address} under the tokens below:`,
  'the database is gone for good, or no service that writes there under a lease can reach it ever again.',
  'It is not enough that it is down. If it comes back, late writes of the old holders are accepted there, while',
  'others already have their profiles.',
];

/** The event has no field for a person, so the one that names the database says who spoke for it. */
export const confirmationBy = (
  person: string,
  target: string,
  { token }: WaitingCase,
): EventOf<'FenceConfirmed'> => ({
  type: 'FenceConfirmed',
  token,
  target,
  databaseIncarnation: `retired by ${person}`.slice(0, INCARNATION_LENGTH_MAX),
});
