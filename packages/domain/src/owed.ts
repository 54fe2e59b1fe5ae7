import type { PartitionState, ProfileState } from './state.ts';
import type { Policy } from './policy.ts';

/** What a duty is computed from: the folded partition, one of its profiles, and the policy that applies to it. */
export interface Case {
  readonly state: PartitionState;
  readonly profile: ProfileState;
  readonly policy: Policy;
}

/** Earlier of two log times, where null means never. */
export const earlier = (left: number | null, right: number | null): number | null =>
  left === null ? right : right === null ? left : Math.min(left, right);
