/** What a log alone can show of docs/invariants.md, by number. */
export const INVARIANTS = {
  I1: 'tokens of effective grants strictly increase per profile',
  I2: 'a token is granted once',
  I3: 'between two grants of a profile lies an end of the former lease',
  I5: 'effective authority events carry the epoch of the last barrier',
  I6: 'each request gets exactly one answer',
  I8: 'a round has at most one effective decision and ends once',
  I9: 'no evidence before every fence named in its quarantine is confirmed',
  I10: 'suspicion for silence cites the last heartbeat, and the silence was that long',
  I15: 'read = applied + ignored + undecodable + foreign',
  I17: 'an authority event of the current epoch is never ignored',
} as const;

export type InvariantId = keyof typeof INVARIANTS;

export const INVARIANT_IDS = Object.keys(INVARIANTS) as InvariantId[];

export interface Violation {
  readonly invariant: InvariantId;
  readonly partition: number;
  readonly offset: number;
  readonly profileId: string | null;
  readonly detail: string;
}
