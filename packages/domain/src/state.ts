import type {
  BrowserKind,
  BrowserState,
  Cause,
  Checkpoint,
  DoneStep,
  EventOf,
  Findings,
  HostStatus,
  Intent,
  ReleaseOutcome,
  Screenshot,
  StepKind,
} from '@profile-warden/events';

/**
 * The folded state. Everything below a `ProfileState` is immutable plain data, so a profile can be kept, compared
 * and stored as JSON; the partition holds the profiles in a map that the fold updates in place.
 */
export interface PartitionState {
  readonly partition: number;
  foldVersion: number;
  /** Position in the log: one behind the last offset folded, transaction markers included. */
  nextOffset: number;
  /** Log time: what the ticks have added up to. The only clock that decides. */
  logMs: number;
  lastTick: { readonly brokerMs: number; readonly offset: number } | null;
  /** Offset of the last `AuthorityEpochStarted`, -1 before the first. */
  epoch: number;
  firstRecordId: string | null;
  lastRecord: { readonly offset: number; readonly id: string } | null;
  massSilence: { readonly offset: number; readonly untilLogMs: number } | null;
  readonly hosts: Map<string, HostState>;
  readonly workers: Map<string, WorkerState>;
  readonly profiles: Map<string, ProfileState>;
  readonly tally: Tally;
}

/** Every record read is counted once: read = applied + the ignored + undecodable + foreign. */
export interface Tally {
  read: number;
  applied: number;
  undecodable: number;
  foreign: number;
  readonly ignored: Map<string, number>;
}

export interface HostState {
  readonly bootId: string | null;
  /** Offset at which `bootId` was first told. */
  readonly bootOffset: number;
  /** Former boots, newest last, bounded: a late report of one of them is no restart. */
  readonly formerBootIds: readonly string[];
  readonly status: HostStatus;
  readonly statusOffset: number;
  /** Last `HostReported` of this host, null while only workers spoke of it. */
  readonly reportedOffset: number | null;
}

export interface WorkerState {
  readonly incarnation: string;
  readonly offset: number;
  readonly formerIncarnations: readonly string[];
}

export interface ProfileState {
  readonly profileId: string;
  readonly registration: Omit<EventOf<'ProfileRegistered'>, 'type'> | null;
  readonly stage: Stage;
  /** The record that brought the profile into its present stage. `brokerMs` is for display only. */
  readonly since: { readonly offset: number; readonly logMs: number; readonly brokerMs: number };
  /** Token of the last effective grant, 0 before the first. */
  readonly token: number;
  /** Highest token in any grant folded, effective or not; the next one is above it. */
  readonly highestToken: number;
  /** Last recovery round of `token`, 0 before its first quarantine. */
  readonly round: number;
  /** The last lease; kept after its end, since late reports are judged by it. */
  readonly lease: Lease | null;
  readonly pulse: Pulse | null;
  readonly history: History;
  readonly requests: readonly LeaseRequest[];
  /** Answered requests with the log time of the answer, for `dedupMs`; oldest first. */
  readonly answered: readonly { readonly requestId: string; readonly logMs: number }[];
  readonly operatorRequest: {
    readonly offset: number;
    readonly operator: string;
    readonly reason: string;
  } | null;
  readonly dualUse: { readonly offset: number; readonly token: number; readonly stepId: string } | null;
  /** Offset of a report with the last token after a recovery and before the next grant. */
  readonly reappearedOffset: number | null;
  /** Offset of the last record of this profile that could not be decoded. */
  readonly unreadableOffset: number | null;
  /** First `FenceConfirmed` of `token`. */
  readonly fencedOffset: number | null;
  /** How often the task has been recovered, planned stops and host restarts not counted. */
  readonly recoveries: { readonly taskId: string; readonly count: number } | null;
  /** Newest browser known to have written the profile. */
  readonly lastBrowser: { readonly kind: BrowserKind; readonly version: string } | null;
}

export type AvailableReason = 'new' | 'released' | 'recovered' | 'retry' | 'reviewed';

export type Stage =
  | { readonly kind: 'available'; readonly why: AvailableReason; readonly taskId: string | null }
  | { readonly kind: 'held' }
  | SuspectedStage
  | QuarantinedStage
  | {
      readonly kind: 'inspected';
      readonly cause: Cause;
      readonly attempts: number;
      readonly evidence: Evidence;
      readonly fromRetired: boolean;
    }
  | { readonly kind: 'resume-pending'; readonly taskId: string; readonly checkpoint: HistoryCheckpoint }
  | ReviewStage
  | { readonly kind: 'retired'; readonly evidence: Evidence | null };

export type StageKind = Stage['kind'];

export interface SuspectedStage {
  readonly kind: 'suspected-stale';
  readonly cause: Cause;
  readonly offset: number;
  /** Offset of the heartbeat that healed it, until the authority clears it. */
  readonly healedBy: number | null;
}

export interface QuarantinedStage {
  readonly kind: 'quarantined';
  readonly cause: Cause;
  readonly fenceTargets: readonly string[];
  readonly confirmed: readonly string[];
  /** Log time from which the settling counts: the later of the quarantine and the last fence; null until then. */
  readonly fencedLogMs: number | null;
  readonly attempts: number;
  readonly lastAttemptLogMs: number | null;
  readonly lastEvidence: Evidence | null;
  /** It was out of service when it was quarantined: only a person may bring it back. */
  readonly fromRetired: boolean;
}

export interface ReviewStage {
  readonly kind: 'manual-review';
  readonly rule: string;
  readonly reasons: readonly string[];
  readonly cause: Cause | null;
  readonly evidence: Evidence | null;
}

export interface Evidence {
  readonly offset: number;
  readonly basedOn: number;
  readonly attempt: number;
  readonly complete: boolean;
  readonly findings: Findings;
}

/** A request as it stands in the log, waiting for its answer. */
export type LeaseRequest = EventOf<'LeaseRequested'> & {
  readonly offset: number;
  readonly logMs: number;
};

export interface Lease {
  readonly token: number;
  readonly requestId: string;
  readonly workerId: string;
  readonly incarnation: string;
  readonly hostId: string;
  readonly taskId: string;
  readonly intent: Intent;
  readonly leaseMs: number;
  readonly maxRuntimeMs: number;
  readonly resumed: boolean;
  readonly requestedOffset: number;
  readonly grantedOffset: number;
  readonly grantedLogMs: number;
  /** The request's own words about process, browser and directory. */
  readonly request: LeaseRequest | null;
}

/** What the reports of the last token have said; all log times and offsets are positions in the log. */
export interface Pulse {
  readonly lastReport: { readonly offset: number; readonly logMs: number; readonly closed: boolean } | null;
  readonly heartbeat: { readonly offset: number; readonly logMs: number } | null;
  readonly reachable: { readonly offset: number; readonly logMs: number } | null;
  readonly browser: BrowserState | null;
  readonly loopLagMs: number;
  readonly stepSeen: boolean;
  readonly announced: { readonly offset: number; readonly silenceMs: number } | null;
  readonly stop: { readonly offset: number; readonly logMs: number; readonly graceMs: number } | null;
  readonly release: {
    readonly offset: number;
    readonly outcome: ReleaseOutcome;
    readonly closed: boolean;
  } | null;
  /** The `MassSilence` that counted this lease, until it beats again. */
  readonly countedBy: number | null;
  readonly lateReportCount: number;
  readonly refusedWriteCount: number;
}

/** What was done to the profile in this task, leases resumed included. */
export interface History {
  readonly taskId: string | null;
  readonly readOnly: boolean;
  readonly origin: TaskOrigin | null;
  /** Side-effect and sensitive steps without outcome `ok` or `not-applied`. */
  readonly openSteps: readonly OpenStep[];
  /** More were open than are kept; counts as an open sensitive step. */
  readonly openOverflow: boolean;
  /** Other steps that were started, newest last, bounded. */
  readonly inFlight: readonly OpenStep[];
  /** `token:stepId` of steps completed lately, so that a repeated record changes nothing. */
  readonly completed: readonly string[];
  readonly lastStep: LastStep | null;
  readonly anyStep: boolean;
  /** Newest offset at which something took effect that must not be done again. */
  readonly unsafeOffset: number | null;
  readonly finalDone: boolean;
  readonly checkpoints: readonly HistoryCheckpoint[];
  readonly done: readonly (DoneStep & { readonly offset: number })[];
  readonly screenshot: Screenshot | null;
}

/** Where and with what the task ran; a resume must match it. */
export interface TaskOrigin {
  readonly hostId: string;
  readonly proxyId: string | null;
  readonly directory: string | null;
}

export interface OpenStep {
  readonly token: number;
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly repeatable: boolean;
  readonly final: boolean;
  readonly offset: number;
}

export interface LastStep {
  readonly stepId: string;
  readonly name: string;
  readonly kind: StepKind;
  readonly url: string | null;
  readonly proxyId: string | null;
  readonly offset: number;
  readonly logMs: number;
}

export interface HistoryCheckpoint extends Checkpoint {
  readonly offset: number;
  readonly logMs: number;
  /** Taken over by a resumed lease: trusted already. */
  readonly inherited: boolean;
}
