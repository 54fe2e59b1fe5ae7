import type { Evidence, ProfileState, Stage } from '@profile-warden/domain';
import type { LogRecord } from '@profile-warden/events';
import type { CaseRow } from '@profile-warden/postgres';
import type { Move } from './tracked-profiles.ts';

/** What an effective record says about a recovery case; null where it is none of its concern. */
export const caseChangeOf = (record: LogRecord, { before, after }: Move): CaseRow | null => {
  const opened = openedCase(record, after);
  if (opened !== null) return opened;
  const { event, offset } = record;
  // A record that frees a profile belongs to the round that was open before it.
  const open = before === undefined ? null : caseOf(before);
  if (open === null) return null;
  switch (event.type) {
    case 'EvidenceCollected': {
      const evidence = evidenceOf(after.stage);
      const looked = { ...open, attemptCount: attemptsOf(after.stage) };
      // One that was not believed still counts as a look.
      return evidence?.offset === offset
        ? { ...looked, evidence: JSON.stringify(evidence), evidenceOffset: offset }
        : looked;
    }
    case 'Decided':
      return { ...open, decision: JSON.stringify(event), decidedOffset: offset };
    case 'ReviewResolved':
      return { ...open, resolved: JSON.stringify(event), resolvedOffset: offset };
    default:
      return null;
  }
};

/** Three events open a round: a quarantine, an inspection that is over, a resume nobody came for. */
const openedCase = (record: LogRecord, after: ProfileState): CaseRow | null => {
  const { event, offset, brokerMs } = record;
  const cause =
    event.type === 'Quarantined'
      ? event.cause
      : event.type === 'ResumeExpired'
        ? 'resume-expired'
        : event.type === 'LeaseReleased' && event.round !== null
          ? 'inspected'
          : null;
  return cause === null || after.round < 1
    ? null
    : { ...emptyCase(after), cause, openedOffset: offset, openedAt: brokerMs };
};

/** Where the row is missing, an update of it opens it with what the state still knows. */
const caseOf = (profile: ProfileState): CaseRow | null => {
  if (profile.round < 1) return null;
  const { stage } = profile;
  const cause = 'cause' in stage && stage.cause !== null ? stage.cause : 'unknown';
  return {
    ...emptyCase(profile),
    cause,
    openedOffset: profile.since.offset,
    openedAt: profile.since.brokerMs,
  };
};

const emptyCase = ({ profileId, token, round, since }: ProfileState): CaseRow => ({
  profileId,
  token,
  round,
  cause: 'unknown',
  openedOffset: since.offset,
  openedAt: since.brokerMs,
  attemptCount: 0,
  evidence: null,
  evidenceOffset: null,
  decision: null,
  decidedOffset: null,
  resolved: null,
  resolvedOffset: null,
});

const evidenceOf = (stage: Stage): Evidence | null =>
  stage.kind === 'quarantined' ? stage.lastEvidence : 'evidence' in stage ? stage.evidence : null;

const attemptsOf = (stage: Stage): number => ('attempts' in stage ? stage.attempts : 0);

/** Later words about the same round laid over earlier ones; what opened it stays. */
export const mergeCase = (earlier: CaseRow | undefined, later: CaseRow): CaseRow =>
  earlier === undefined
    ? later
    : {
        ...earlier,
        attemptCount: Math.max(earlier.attemptCount, later.attemptCount),
        evidence: later.evidence ?? earlier.evidence,
        evidenceOffset: later.evidenceOffset ?? earlier.evidenceOffset,
        decision: later.decision ?? earlier.decision,
        decidedOffset: later.decidedOffset ?? earlier.decidedOffset,
        resolved: later.resolved ?? earlier.resolved,
        resolvedOffset: later.resolvedOffset ?? earlier.resolvedOffset,
      };

export const caseKey = ({ profileId, token, round }: CaseRow): string => `${token}/${round}/${profileId}`;
