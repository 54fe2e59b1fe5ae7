import {
  beat,
  elapse,
  everyonePays,
  granted,
  logOf,
  stepStarted,
  type Move,
} from '@profile-warden/testkit/spec';
import type { PartitionLog } from '@profile-warden/testkit/spec';

/** A worker that fell silent in a sensitive step: `p1` waits for a person, token 1, round 1, step `pay` open. */
export const silentInPayment: Move = [
  granted(),
  beat(),
  stepStarted('pay', 'sensitive', { name: 'pay the order' }),
  // Until the suspicion, until the quarantine, until the profile has settled.
  elapse(50_000),
  everyonePays,
  elapse(80_000),
  everyonePays,
  elapse(40_000),
  everyonePays,
];

export const inReview = (...more: readonly Move[]): PartitionLog => logOf(silentInPayment, ...more);
