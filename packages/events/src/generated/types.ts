// Generated from ../../schemas by `npm run generate`. Do not edit.

/** Barrier of a takeover: its offset is the epoch of every decision that follows. One to its partition, without key. Written by: lease-authority. */
export interface AuthorityEpochStarted {
  /** Version of the fold rules that apply from here on. */
  readonly foldVersion: number;
  /** Instance that took over. (max 128) */
  readonly instanceId: string;
}

/** Carries log time into the log. One per partition and interval, without key. Written by: stale-detector. */
export interface ClockTicked {
  /** Interval of the ticks, in ms. */
  readonly intervalMs: number;
  /** Offset of the last authority barrier the writer had folded, -1 where none; lets a reader that joined late know it. */
  readonly epoch: number;
}

/** What becomes of the profile. */
export type DecisionOutcome = 'UNKNOWN' | 'available' | 'resume-pending' | 'retry' | 'manual-review';

/** The one decision of a recovery round. Written by: recovery-decider. */
export interface Decided {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Recovery round of this token, from 1. */
  readonly round: number;
  /** Offset, inclusive, of the last record that had been folded when this was concluded. */
  readonly basedOn: number;
  /** What becomes of the profile. */
  readonly outcome: DecisionOutcome;
  /** For resume-pending: offset of the record that carries the checkpoint to resume from. */
  readonly checkpointOffset: number | null;
  /** Id of the rule that matched first. (max 64) */
  readonly rule: string;
  /** The facts it rests on; at most 16. (max 512) */
  readonly reasons: readonly string[];
  /** Version of the policy applied. (max 64) */
  readonly policyVersion: string;
}

/** Three values: a thing that could not be established is neither yes nor no. */
export type Answer = 'UNKNOWN' | 'yes' | 'no' | 'unknown';

/** One thing looked for: the answer, how it was found and when. */
export interface Finding {
  /** The answer. */
  readonly value: Answer;
  /** What was looked at. (max 512) */
  readonly how: string;
  /** When, by the collector's clock, epoch ms; for display only. */
  readonly at: number;
}

/** What one look found. Secrets never enter: no cookie, no page text. */
export interface Findings {
  /** Version of this record's meaning. */
  readonly version: number;
  /** The holder's worker process lives. */
  readonly workerAlive: Finding;
  /** A process of the holder's browser tree lives. */
  readonly browserAlive: Finding;
  /** The host still runs the boot of the lease. */
  readonly sameBoot: Finding;
  /** More than one browser root on the directory. */
  readonly secondRoot: Finding;
  /** The profile directory is there. */
  readonly directoryPresent: Finding;
  /** It is the directory that was leased. */
  readonly directorySame: Finding;
  /** Preferences and Local State parse, or are rightly absent. */
  readonly preferencesValid: Finding;
  /** Database checks pass on copies. */
  readonly databasesSound: Finding;
  /** The cookie store was not emptied since the checkpoint. */
  readonly cookiesKept: Finding;
  /** The directory changed between the two looks that found the tree gone. */
  readonly changedBetweenLooks: Finding;
  /** The last screenshot is where the log says, with its hash. */
  readonly screenshotFound: Finding;
  /** Target of the browser's lock link. (max 256) */
  readonly lockTarget: string | null;
  /** Kind of file system. (max 64) */
  readonly fileSystem: string | null;
  /** Size of the directory in bytes. */
  readonly directoryBytes: number | null;
  /** Newest modification in it, epoch ms by the host's clock. */
  readonly lastWriteAt: number | null;
  /** Browser version that last wrote the profile. (max 64) */
  readonly browserVersion: string | null;
  /** The browser's own note of how it ended; weak. (max 32) */
  readonly exitType: string | null;
  /** Last page, redacted. (max 2048) */
  readonly lastUrl: string | null;
  /** Last step. (max 128) */
  readonly lastStep: string | null;
  /** Steps without a settled outcome; at most 16. (max 128) */
  readonly openSteps: readonly string[];
  /** Last checkpoint. (max 128) */
  readonly checkpoint: string | null;
  /** Its age in ms of log time. */
  readonly checkpointAgeMs: number | null;
  /** Last screenshot. (max 2048) */
  readonly screenshotUri: string | null;
  /** Proxy of the last step, else of the lease. (max 128) */
  readonly proxyId: string | null;
  /** Reports of the revoked token after its quarantine. */
  readonly lateReportCount: number;
  /** Writes refused at fence targets. */
  readonly refusedWriteCount: number;
  /** Leases of the same host and partition that are silent too. */
  readonly silentOnHostCount: number;
}

/** What one read-only look at a quarantined profile found. Written by: evidence-collector. */
export interface EvidenceCollected {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Recovery round of this token, from 1. */
  readonly round: number;
  /** Number of this look in the round, from 1. */
  readonly attempt: number;
  /** Whether the look settles the round; the last allowed one always does. */
  readonly complete: boolean;
  /** Offset, inclusive, of the last record that had been folded when this was concluded. */
  readonly basedOn: number;
  /** Collector that looked. (max 128) */
  readonly collectorId: string;
  /** Host it looked from. (max 128) */
  readonly hostId: string;
  /** What was found. */
  readonly findings: Findings;
}

/** Writes with this token can no longer commit at the target. Written by: projector. */
export interface FenceConfirmed {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Name of the fence target. (max 128) */
  readonly target: string;
  /** Database that confirmed, by system id, timeline, start of the server and file of the fence table. (max 128) */
  readonly databaseIncarnation: string;
}

/** What the worker saw of its browser; reachable only after it answered. */
export type BrowserState = 'UNKNOWN' | 'starting' | 'reachable' | 'unreachable' | 'closed';

/** The holder lives. Counts from its position in the log, whatever clocks say. Written by: worker. */
export interface Heartbeat {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Run of the worker that holds the lease. (max 64) */
  readonly incarnation: string;
  /** Counter of this lease's heartbeats, from 1. */
  readonly seq: number;
  /** State of the browser. */
  readonly browser: BrowserState;
  /** Lag of the worker's event loop, in ms. */
  readonly loopLagMs: number;
}

/** State of a host as attested. */
export type HostStatus = 'UNKNOWN' | 'up' | 'draining' | 'dead';

/** What is known about a host. One to every partition, without key: a collector at its start, a person when it drains or is dead. Written by: evidence-collector, gateway or CLI. */
export interface HostReported {
  /** The host. (max 128) */
  readonly hostId: string;
  /** Its boot id, null where the reporter cannot know. (max 64) */
  readonly bootId: string | null;
  /** What is attested. */
  readonly status: HostStatus;
  /** Collector, person or program that says so. (max 128) */
  readonly reportedBy: string;
  /** Why, for draining and dead. (max 512) */
  readonly reason: string | null;
}

/** Why not. */
export type DenialReason =
  | 'UNKNOWN'
  | 'held'
  | 'suspected-stale'
  | 'quarantined'
  | 'in-recovery'
  | 'resume-pending'
  | 'in-review'
  | 'retired'
  | 'already-yours'
  | 'superseded'
  | 'wrong-task'
  | 'proxy-mismatch'
  | 'storage-mismatch'
  | 'browser-older'
  | 'nothing-to-resume'
  | 'nothing-to-inspect'
  | 'not-registered'
  | 'wrong-tenant'
  | 'wrong-host'
  | 'wrong-directory'
  | 'host-draining'
  | 'too-many-waiters'
  | 'invalid-request';

/** State of a profile. */
export type Lifecycle =
  | 'UNKNOWN'
  | 'available'
  | 'held'
  | 'suspected-stale'
  | 'quarantined'
  | 'inspected'
  | 'resume-pending'
  | 'manual-review'
  | 'retired';

/** Who holds the lease. */
export interface Holder {
  /** Name of the worker. (max 128) */
  readonly workerId: string;
  /** Run of the worker. (max 64) */
  readonly incarnation: string;
  /** Its host. (max 128) */
  readonly hostId: string;
  /** The task. (max 128) */
  readonly taskId: string;
}

/** A request was answered with no, and why. Written by: lease-authority. */
export interface LeaseDenied {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** The request that is answered. (max 96) */
  readonly requestId: string;
  /** Why not. */
  readonly reason: DenialReason;
  /** State of the profile when it was judged. */
  readonly state: Lifecycle;
  /** Who holds or last held it. */
  readonly holder: Holder | null;
  /** Token of that lease. */
  readonly token: number | null;
  /** Broker time at which that state began, epoch ms; for display only. */
  readonly since: number | null;
  /** What the caller can do. (max 256) */
  readonly nextAction: string;
  /** When asking again makes sense, in ms; 0 where it does not. */
  readonly retryAfterMs: number;
}

/** What the lease is for: start afresh, resume a recovered task, or look on behalf of a reviewer. */
export type Intent = 'UNKNOWN' | 'fresh' | 'resume' | 'inspect';

/** Where the checkpoint lives: in the profile directory, or on the server behind it. */
export type CheckpointStore = 'UNKNOWN' | 'profile' | 'server';

/** A completed step from which the task may be resumed. */
export interface Checkpoint {
  /** Name given by the worker. (max 128) */
  readonly name: string;
  /** Where the checkpoint lives. */
  readonly stored: CheckpointStore;
}

/** What an action can do to the account, from harmless to irreversible. */
export type StepKind = 'UNKNOWN' | 'read' | 'reversible' | 'side-effect' | 'sensitive' | 'await-human';

/** A step that was completed after the checkpoint. */
export interface DoneStep {
  /** Id of the step. (max 128) */
  readonly stepId: string;
  /** Name of the step. (max 128) */
  readonly name: string;
  /** Kind of the step. */
  readonly kind: StepKind;
  /** Whether doing it again is harmless. */
  readonly repeatable: boolean;
}

/** Where a resumed task goes on. */
export interface ResumePoint {
  /** The last trusted checkpoint. */
  readonly checkpoint: Checkpoint;
  /** Steps completed after it; at most 64. */
  readonly stepsSince: readonly DoneStep[];
}

/** A lease begins; the profile has one owner. Written by: lease-authority. */
export interface LeaseGranted {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token, one above the highest ever granted for the profile. */
  readonly token: number;
  /** The request that is answered. (max 96) */
  readonly requestId: string;
  /** Who holds the lease. */
  readonly holder: Holder;
  /** What the lease is for. */
  readonly intent: Intent;
  /** Silence after which the lease may be quarantined, in ms of log time. */
  readonly leaseMs: number;
  /** Run time after which the holder is asked to stop, in ms of log time. */
  readonly maxRuntimeMs: number;
  /** Set on a resume. */
  readonly resumeFrom: ResumePoint | null;
}

/** A lease ended well. Written by: lease-authority. */
export interface LeaseReleased {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** For an inspect lease the recovery round it ends in, else null. */
  readonly round: number | null;
}

/** Browser family. */
export type BrowserKind = 'UNKNOWN' | 'chromium' | 'firefox' | 'other';

/** A worker asks for a profile. The only way to become an owner. Written by: worker. */
export interface LeaseRequested {
  /** Incarnation and a counter; the answer repeats it. (max 96) */
  readonly requestId: string;
  /** Stable name of the worker. (max 128) */
  readonly workerId: string;
  /** Random id of this run of the worker. (max 64) */
  readonly incarnation: string;
  /** Host it runs on. (max 128) */
  readonly hostId: string;
  /** Boot id of that host. (max 64) */
  readonly bootId: string;
  /** Process id of the worker in its own pid namespace; 0 where unknown. */
  readonly pid: number;
  /** Start time of that process in clock ticks since boot; 0 where unknown. */
  readonly processStart: number;
  /** Pid namespace of that process; empty where unknown. (max 64) */
  readonly pidNamespace: string;
  /** The job to be done on the profile. (max 128) */
  readonly taskId: string;
  /** What the lease is for. */
  readonly intent: Intent;
  /** The task declares that it changes nothing on the account. */
  readonly readOnly: boolean;
  /** How long the request may wait for the profile, in ms of log time; 0 asks once. */
  readonly waitMs: number;
  /** Longest run wanted, in ms; null takes the policy's. */
  readonly maxRuntimeMs: number | null;
  /** Tenant on whose behalf the worker asks. (max 128) */
  readonly tenant: string | null;
  /** Proxy the browser will use; must be the same on a resume. (max 128) */
  readonly proxyId: string | null;
  /** Browser that will open the profile. */
  readonly browserKind: BrowserKind;
  /** Its version, major first. (max 64) */
  readonly browserVersion: string | null;
  /** Directory the worker will open. (max 1024) */
  readonly profileDirectory: string | null;
  /** That directory when the worker asked, as device:inode; null where there was none yet. (max 64) */
  readonly profileDirectoryId: string | null;
}

/** Too many leases of the partition fell silent at once: the monitor is the likelier culprit. Without key. Written by: stale-detector. */
export interface MassSilence {
  /** Leases held. */
  readonly held: number;
  /** Leases silent. */
  readonly silent: number;
  /** Silence, in ms of log time, from which a lease was counted. */
  readonly silentMs: number;
  /** Log time until which suspicion and quarantine for silence wait. */
  readonly untilLogMs: number;
}

/** A profile was made known, with what the fleet must respect about it. Written by: gateway, CLI or SDK. */
export interface ProfileRegistered {
  /** Account behind the profile, as an opaque reference; never a user name or a secret. (max 256) */
  readonly accountRef: string | null;
  /** Tenant that owns the profile; requests that name another tenant are denied. (max 128) */
  readonly tenant: string | null;
  /** Host that keeps the directory; null where any host may. (max 128) */
  readonly homeHost: string | null;
  /** Whether the directory is on storage that several hosts reach. */
  readonly sharedStorage: boolean;
  /** Absolute path of the profile directory. (max 1024) */
  readonly directory: string | null;
  /** Labels that select policy overrides; at most 16. (max 64) */
  readonly labels: readonly string[];
  /** Person or program that registered it. (max 128) */
  readonly registeredBy: string;
}

/** A person stops a profile. Written by: gateway or CLI. */
export interface QuarantineRequested {
  /** Token that was shown to the operator. */
  readonly token: number;
  /** Who. (max 128) */
  readonly operator: string;
  /** Why. (max 1024) */
  readonly reason: string;
}

/** Why a lease was suspected or quarantined. */
export type Cause =
  | 'UNKNOWN'
  | 'heartbeat-stopped'
  | 'browser-unreachable'
  | 'never-ready'
  | 'worker-restarted'
  | 'host-restarted'
  | 'stop-ignored'
  | 'unconfirmed-close'
  | 'unsettled-step'
  | 'holder-reappeared'
  | 'dual-use'
  | 'operator';

/** The token is revoked from here on; nobody may enter until a decision. Written by: lease-authority. */
export interface Quarantined {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Recovery round of this token, from 1. */
  readonly round: number;
  /** Why. */
  readonly cause: Cause;
  /** Offset of the suspicion it rests on. */
  readonly suspicionOffset: number | null;
  /** Databases that must confirm the fence before anyone looks; at most 16. (max 128) */
  readonly fenceTargets: readonly string[];
}

/** How the task ended, as the worker sees it. */
export type ReleaseOutcome = 'UNKNOWN' | 'completed' | 'failed' | 'cancelled' | 'unknown';

/** Whether the worker saw its browser end. */
export type BrowserClosed = 'UNKNOWN' | 'confirmed' | 'unconfirmed';

/** The holder gives the profile back. Not a release while a step is open or the close is unconfirmed. Written by: worker. */
export interface ReleaseRequested {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** How the task ended. */
  readonly outcome: ReleaseOutcome;
  /** Whether the browser is closed. */
  readonly browserClosed: BrowserClosed;
}

/** Nobody resumed the task within the window. Written by: lease-authority. */
export interface ResumeExpired {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Recovery round of this token, from 1. */
  readonly round: number;
}

/** What becomes of the profile. */
export type ReviewOutcome = 'UNKNOWN' | 'available' | 'resume-pending' | 'retry' | 'retired';

/** Whether the step took effect. */
export type Verdict = 'UNKNOWN' | 'applied' | 'not-applied' | 'unknown';

/** What the person found out about an open step. */
export interface StepVerdict {
  /** The step. (max 128) */
  readonly stepId: string;
  /** The verdict. */
  readonly verdict: Verdict;
}

/** A person decides a case. Written by: gateway or CLI. */
export interface ReviewResolved {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Recovery round of this token, from 1. */
  readonly round: number;
  /** Offset, inclusive, of the last record that had been folded when this was concluded. */
  readonly basedOn: number;
  /** What becomes of the profile. */
  readonly outcome: ReviewOutcome;
  /** One per open step; at most 16. */
  readonly verdicts: readonly StepVerdict[];
  /** Checkpoint to resume from, for resume-pending. (max 128) */
  readonly checkpoint: string | null;
  /** Who. (max 128) */
  readonly reviewer: string;
  /** Why. (max 2048) */
  readonly note: string;
}

/** The holder will be silent for a while. Moves the suspicion, never the lease. Written by: worker. */
export interface SilenceAnnounced {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Longest silence to expect, in ms of log time. */
  readonly silenceMs: number;
}

/** A notice: a report carried a token that is no longer valid. Changes nothing. Written by: lease-authority. */
export interface StaleTokenRejected {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Token that was presented. */
  readonly presentedToken: number;
  /** Last token of the profile. */
  readonly currentToken: number;
  /** Event type that presented it. (max 64) */
  readonly presented: string;
  /** Offset of that report. */
  readonly presentedOffset: number;
}

/** ok and not-applied close the step; anything else leaves it open. */
export type StepOutcome = 'UNKNOWN' | 'ok' | 'not-applied' | 'unknown';

/** Reference to a picture kept elsewhere; the picture itself never enters the log. */
export interface Screenshot {
  /** Where the picture is kept. (max 2048) */
  readonly uri: string;
  /** SHA-256 of the picture, lower-case hex. (max 64) */
  readonly sha256: string;
}

/** An action on the profile ended, or its outcome is unknown. Written by: worker. */
export interface StepCompleted {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Id of the step. (max 128) */
  readonly stepId: string;
  /** How it ended. */
  readonly outcome: StepOutcome;
  /** Set where the task may be resumed from here. */
  readonly checkpoint: Checkpoint | null;
  /** Page, redacted. (max 2048) */
  readonly url: string | null;
  /** Picture taken after the step. */
  readonly screenshot: Screenshot | null;
}

/** An action on the profile is about to begin. A side-effect or sensitive one acts only after this record was read back. Written by: worker. */
export interface StepStarted {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Id of the step, unique in the lease. (max 128) */
  readonly stepId: string;
  /** What the step does. (max 128) */
  readonly name: string;
  /** What it can do to the account. */
  readonly kind: StepKind;
  /** Whether doing it again is harmless. */
  readonly repeatable: boolean;
  /** Whether the task is done once this step is. */
  readonly final: boolean;
  /** Page, redacted: no query, fragment or user info. (max 2048) */
  readonly url: string | null;
  /** Proxy in use. (max 128) */
  readonly proxyId: string | null;
  /** Picture taken before the step. */
  readonly screenshot: Screenshot | null;
}

/** Why the holder should stop. */
export type StopReason = 'UNKNOWN' | 'runtime-exceeded' | 'host-draining';

/** The holder is asked to checkpoint, close and release. Written by: lease-authority. */
export interface StopRequested {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Why. */
  readonly reason: StopReason;
  /** Time it has, in ms of log time. */
  readonly graceMs: number;
}

/** The holder is silent or cannot be working. Reversible; the token stays valid. Written by: stale-detector. */
export interface SuspectedStale {
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Why. */
  readonly cause: Cause;
  /** Offset of the report the silence is counted from, null where there is none. */
  readonly basedOn: number | null;
  /** Silence in ms of log time. */
  readonly silenceMs: number;
}

/** The holder was heard again in time. Written by: lease-authority. */
export interface SuspicionCleared {
  /** Offset of the authority barrier under which this was decided. */
  readonly epoch: number;
  /** Fencing token of the lease; 1 to 2^52 - 1. */
  readonly token: number;
  /** Offset of the heartbeat that cleared it. */
  readonly heartbeatOffset: number;
}

/** A run of a worker began. One to every partition, without key. Written by: worker. */
export interface WorkerStarted {
  /** Stable name of the worker. (max 128) */
  readonly workerId: string;
  /** Random id of this run of the worker. (max 64) */
  readonly incarnation: string;
  /** Host it runs on. (max 128) */
  readonly hostId: string;
  /** Boot id of that host. (max 64) */
  readonly bootId: string;
}

/** A fence target refused a write. Sent outside the aborted transaction. Written by: account service. */
export interface WriteRefused {
  /** Token the writer presented. */
  readonly presentedToken: number;
  /** Token the fence knew, null where none. */
  readonly knownToken: number | null;
  /** Name of the fence target. (max 128) */
  readonly target: string;
  /** SQLSTATE of the refusal. (max 5) */
  readonly sqlState: string;
}

/** The fields of each event, by its type. */
export interface EventPayloads {
  readonly AuthorityEpochStarted: AuthorityEpochStarted;
  readonly ClockTicked: ClockTicked;
  readonly Decided: Decided;
  readonly EvidenceCollected: EvidenceCollected;
  readonly FenceConfirmed: FenceConfirmed;
  readonly Heartbeat: Heartbeat;
  readonly HostReported: HostReported;
  readonly LeaseDenied: LeaseDenied;
  readonly LeaseGranted: LeaseGranted;
  readonly LeaseReleased: LeaseReleased;
  readonly LeaseRequested: LeaseRequested;
  readonly MassSilence: MassSilence;
  readonly ProfileRegistered: ProfileRegistered;
  readonly QuarantineRequested: QuarantineRequested;
  readonly Quarantined: Quarantined;
  readonly ReleaseRequested: ReleaseRequested;
  readonly ResumeExpired: ResumeExpired;
  readonly ReviewResolved: ReviewResolved;
  readonly SilenceAnnounced: SilenceAnnounced;
  readonly StaleTokenRejected: StaleTokenRejected;
  readonly StepCompleted: StepCompleted;
  readonly StepStarted: StepStarted;
  readonly StopRequested: StopRequested;
  readonly SuspectedStale: SuspectedStale;
  readonly SuspicionCleared: SuspicionCleared;
  readonly WorkerStarted: WorkerStarted;
  readonly WriteRefused: WriteRefused;
}
