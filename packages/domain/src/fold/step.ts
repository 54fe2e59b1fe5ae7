import type { PartitionState, ProfileState, Stage } from '../state.ts';

/** Why a record changed nothing. Counted per reason; the ids are API. */
export type IgnoredReason =
  | 'stale-epoch'
  | 'not-in-this-stage'
  | 'no-lease'
  | 'old-token'
  | 'unknown-token'
  | 'stale-token'
  | 'wrong-incarnation'
  | 'duplicate'
  | 'duplicate-request'
  | 'other-round'
  | 'other-attempt'
  | 'based-on-another'
  | 'holder-reported'
  | 'holder-recent'
  | 'fence-open'
  | 'unknown-target'
  | 'unknown-value'
  | 'stale-view'
  | 'verdict-missing'
  | 'no-checkpoint'
  | 'never-leased'
  | 'known-incarnation'
  | 'not-current'
  | 'unkeyed';

/** Where a record stands, with the partition as it was before it. */
export interface At {
  readonly state: PartitionState;
  readonly offset: number;
  readonly logMs: number;
  readonly brokerMs: number;
}

/** The profile after the record, or why the record is ignored. */
export type Step<E> = (at: At, profile: ProfileState, event: E) => ProfileState | IgnoredReason;

export const enter = (at: At, profile: ProfileState, stage: Stage): ProfileState => ({
  ...profile,
  stage,
  since: { offset: at.offset, logMs: at.logMs, brokerMs: at.brokerMs },
});
