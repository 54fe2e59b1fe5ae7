import type { LogRecord } from '@profile-warden/events';
import { evolve, type Folded } from './fold.ts';
import type { PartitionState, ProfileState } from './state.ts';

/** One record and what the fold made of it. */
export interface FoldedRecord {
  readonly record: LogRecord;
  readonly folded: Folded;
  /** The record's profile before and after it; undefined where it has none, or nothing has spoken of it yet. */
  readonly before: ProfileState | undefined;
  readonly after: ProfileState | undefined;
  /** The partition behind the record. */
  readonly state: PartitionState;
}

export const foldRecord = (state: PartitionState, record: LogRecord): FoldedRecord => {
  const find = (): ProfileState | undefined =>
    record.profileId === null ? undefined : state.profiles.get(record.profileId);
  const before = find();
  const folded = evolve(state, record);
  return { record, folded, before, after: find(), state };
};

/** Whether the record had the effect that its writer wanted. */
export const isEffective = (folded: Folded): boolean => folded === 'applied' || folded === 'beat';
