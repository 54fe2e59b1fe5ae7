import type { PartitionState } from '@profile-warden/domain';
import { TrackedProfiles } from '@profile-warden/projection';

export interface TrackedState {
  readonly state: PartitionState;
  readonly profiles: TrackedProfiles;
}

/** The state, with a note of what the fold changes in it from here on. */
export const tracked = (base: PartitionState): TrackedState => {
  const profiles: TrackedProfiles = new TrackedProfiles(
    base.profiles.values(),
    () => state.lastRecord?.offset ?? -1,
  );
  const state: PartitionState = { ...base, profiles };
  return { state, profiles };
};
