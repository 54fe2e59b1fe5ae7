import { isNamedDoneAfter } from './named-step.ts';
import type { Policy } from './policy.ts';
import type { HistoryCheckpoint, ProfileState } from './state.ts';

/** The newest checkpoint that survives the end of the browser, with nothing behind it that must not be done again. */
export const safeCheckpoint = (profile: ProfileState, policy: Policy): HistoryCheckpoint | null => {
  const { checkpoints, unsafeOffset } = profile.history;
  const trusted = checkpoints.findLast((checkpoint) => isTrusted(profile, checkpoint, policy));
  if (trusted === undefined || (unsafeOffset !== null && unsafeOffset > trusted.offset)) return null;
  return isNamedDoneAfter(profile, policy, trusted.offset) ? null : trusted;
};

/**
 * On the server it is kept by others. In the profile it counts once the browser has lived long enough after it to have
 * written it down, or was closed in order.
 */
const isTrusted = (profile: ProfileState, checkpoint: HistoryCheckpoint, policy: Policy): boolean => {
  if (checkpoint.inherited || checkpoint.stored === 'server') return true;
  const { pulse } = profile;
  const aliveAt = pulse?.reachable?.logMs ?? -1;
  const isFlushed = aliveAt >= checkpoint.logMs + policy.checkpointSettleMs;
  return isFlushed || pulse?.release?.closed === true;
};
