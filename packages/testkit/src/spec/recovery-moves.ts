import { owedByCollector, owedByDecider, owedByDetector, owedByProjector } from '@profile-warden/domain';
import type { PartitionLog } from './partition-log.ts';
import { authorityPays, elapse, everyonePays, granted, logOf, type Move } from './scenario.ts';
import { evidence, fenceConfirmed, findings } from './service-events.ts';
import { beat, stepStarted } from './worker-events.ts';

/** The services of a recovery, each paying what it owes; asking for a payment that is not owed is a mistake. */
const owedOr = <T>(owed: T | null, what: string): T => {
  if (owed === null) throw new Error(`no ${what} is owed yet`);
  return owed;
};

export const detectorPays: Move = (log: PartitionLog) => {
  log.append(owedOr(owedByDetector(log.caseOf()), 'suspicion'));
};

export const projectorPays: Move = (log: PartitionLog) => {
  for (const target of owedByProjector(log.profile()))
    log.append(fenceConfirmed(target, log.profile().token));
};

/** A look that is due, by a collector that has read the whole log. */
export const looked =
  (found: Parameters<typeof findings>[0] = {}, isComplete = true): Move =>
  (log) => {
    const { token, round, attempt } = owedOr(owedByCollector(log.caseOf()), 'look');
    const about = { token, round, attempt, complete: isComplete, findings: findings(found) };
    log.append(evidence(log.nextOffset - 1, about));
  };

export const deciderPays: Move = (log: PartitionLog) => {
  log.append(owedOr(owedByDecider(log.caseOf()), 'decision'));
};

/** From the last heartbeat to quarantine, by the default policy. */
export const silenced: Move = [elapse(45_000), detectorPays, elapse(75_000), authorityPays];

/** From the last heartbeat to complete evidence, by the default policy. */
export const inspected = (found: Parameters<typeof findings>[0] = {}): Move => [
  silenced,
  projectorPays,
  elapse(30_000),
  looked(found),
];

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
