import {
  authorityDeadline,
  collectorDeadline,
  detectorDeadline,
  owedByAuthority,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  owedByProjector,
  type Case,
} from '@profile-warden/domain';
import { Violation } from './ledger.ts';

const TIMED = [
  ['authority', (one: Case) => owedByAuthority(one).length > 0, authorityDeadline],
  ['detector', (one: Case) => owedByDetector(one) !== null, detectorDeadline],
  ['collector', (one: Case) => owedByCollector(one) !== null, collectorDeadline],
] as const;

/** Beyond every duration of the policy. */
const FOREVER_MS = 1_000_000;

/** By time alone nothing becomes owed before its deadline. */
export const checkDeadlines = (one: Case): void => {
  const nowMs = one.state.logMs;
  for (const [name, isOwed, deadline] of TIMED) {
    if (isOwed(one)) continue;
    const due = deadline(one);
    const last = due === null ? nowMs + FOREVER_MS : due - 1;
    for (const logMs of [last, nowMs + Math.floor((last - nowMs) / 2)])
      if (logMs > nowMs && isOwed({ ...one, state: { ...one.state, logMs } }))
        throw new Violation('deadline', `${name} owes at ${logMs}, promised not before ${String(due)}`);
  }
};

/** Nobody waits, and whoever has to move the profile on is a person or the next request. */
export const isAtRest = (one: Case): boolean => {
  const { stage, requests } = one.profile;
  return (
    (stage.kind === 'available' || stage.kind === 'manual-review' || stage.kind === 'retired') &&
    requests.length === 0 &&
    owedByAuthority(one).length === 0 &&
    owedByDetector(one) === null &&
    owedByCollector(one) === null &&
    owedByDecider(one) === null &&
    owedByProjector(one.profile).length === 0
  );
};
