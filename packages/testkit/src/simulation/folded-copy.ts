import type { PartitionState } from '@profile-warden/domain';

/** The same state for another to fold on. Whatever lies in the maps is never changed, and so it is shared. */
export const copyOf = (state: PartitionState): PartitionState => ({
  ...state,
  hosts: new Map(state.hosts),
  workers: new Map(state.workers),
  profiles: new Map(state.profiles),
  tally: { ...state.tally, ignored: new Map(state.tally.ignored) },
});
