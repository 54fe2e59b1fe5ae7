export { INVARIANTS, INVARIANT_IDS } from './audit/invariant.ts';
export type { InvariantId, Violation } from './audit/invariant.ts';
export { PartitionAudit } from './audit/partition-audit.ts';
export { authorityDeadline, owedByAuthority, rejectionOwed } from './authority.ts';
export type { AuthorityDecision } from './authority.ts';
export { DEDUP_MS, FOLD_VERSION, MAX_OPEN_STEPS } from './bounds.ts';
export { collectorDeadline, owedByCollector, silentOnHost } from './collector.ts';
export type { Look } from './collector.ts';
export { RULES, owedByDecider } from './decider.ts';
export type { Rule } from './decider.ts';
export { detectorDeadline, isForSilence, massSilenceOwed, owedByDetector } from './detector.ts';
export { eventId } from './event-id.ts';
export { evolve } from './fold.ts';
export type { Folded } from './fold.ts';
export { foldRecord, isEffective } from './folded-record.ts';
export type { FoldedRecord } from './folded-record.ts';
export type { IgnoredReason } from './fold/step.ts';
export { holderVerdict } from './holder.ts';
export type { HolderVerdict } from './holder.ts';
export { emptyPartition } from './initial-state.ts';
export type { Case } from './owed.ts';
export { DEFAULT_POLICY, policyFor, policyProblems } from './policy.ts';
export type { Policy } from './policy.ts';
export { fenceRowOf, owedByProjector } from './projector.ts';
export type { FenceRow } from './projector.ts';
export { hasReportedAfter, holderIsSilent, isOwned, silenceMs, silentAtLogMs } from './silence.ts';
export { canonicalJson, canonicalState, fromSnapshot, snapshotOf } from './snapshot.ts';
export type { PartitionSnapshot } from './snapshot.ts';
export type {
  Evidence,
  History,
  HistoryCheckpoint,
  HostState,
  Lease,
  LeaseRequest,
  OpenStep,
  PartitionState,
  ProfileState,
  Pulse,
  Stage,
  StageKind,
} from './state.ts';
