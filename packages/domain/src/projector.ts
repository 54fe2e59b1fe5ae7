import type { ProfileState } from './state.ts';

/** Fence targets that have not yet confirmed the quarantine of this profile. */
export const owedByProjector = ({ stage }: ProfileState): readonly string[] =>
  stage.kind === 'quarantined'
    ? stage.fenceTargets.filter((target) => !stage.confirmed.includes(target))
    : [];

/** What a fence target should enforce for a profile; monotonic by offset. */
export interface FenceRow {
  readonly profileId: string;
  /** Last token granted. */
  readonly token: number;
  /** Whether writes with it may commit. */
  readonly valid: boolean;
  /** Offset of the record that brought this about. */
  readonly offset: number;
}

/** Null before the first lease: a target knows no profile that was never leased. */
export const fenceRowOf = (profile: ProfileState): FenceRow | null => {
  const { stage, lease, token, profileId } = profile;
  if (lease === null) return null;
  const valid = stage.kind === 'held' || stage.kind === 'suspected-stale';
  return { profileId, token, valid, offset: valid ? lease.grantedOffset : profile.since.offset };
};
