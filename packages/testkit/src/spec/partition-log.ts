import {
  DEFAULT_POLICY,
  emptyPartition,
  evolve,
  owedByAuthority,
  owedByCollector,
  owedByDecider,
  owedByDetector,
  owedByProjector,
  type AuthorityDecision,
  type Case,
  type Folded,
  type PartitionState,
  type Policy,
  type ProfileState,
} from '@profile-warden/domain';
import {
  isAuthorityEvent,
  isKeylessEvent,
  type LogRecord,
  type RecordBody,
  type WardenEvent,
} from '@profile-warden/events';
import { evidence } from './service-events.ts';

const FIRST_BROKER_MS = 1_700_000_000_000;
/** More decisions than any profile can owe in a row. */
const MAX_PAYMENTS = 200;

/** One partition of the log with its fold, under a barrier from the start. */
export class PartitionLog {
  readonly records: LogRecord[] = [];
  readonly state: PartitionState = emptyPartition(0);
  /** What each record did, in log order. */
  readonly folded: Folded[] = [];
  brokerMs = FIRST_BROKER_MS;
  policy: Policy = DEFAULT_POLICY;

  constructor() {
    this.append({ type: 'AuthorityEpochStarted', foldVersion: 1, instanceId: 'a1' });
    this.tick(0);
  }

  get nextOffset(): number {
    return this.state.nextOffset;
  }

  append(event: RecordBody, profileId = 'p1'): Folded {
    const isKeyed = event.type === 'undecodable' || event.type === 'foreign' || !isKeylessEvent(event.type);
    // A transaction leaves a marker behind each record of the authority.
    const gap = isAuthorityEvent(event.type) && this.records.length > 0 ? 1 : 0;
    const record: LogRecord = {
      partition: 0,
      offset: this.state.nextOffset + gap,
      brokerMs: this.brokerMs,
      profileId: isKeyed ? profileId : null,
      id: `id-${this.records.length}`,
      event,
    };
    this.records.push(record);
    const did = evolve(this.state, record);
    this.folded.push(did);
    return did;
  }

  tick(ms: number, intervalMs = this.policy.tickEveryMs): void {
    this.brokerMs += ms;
    this.append({ type: 'ClockTicked', intervalMs, epoch: this.state.epoch });
  }

  /** Moves log time as a detector would: tick by tick. */
  elapse(ms: number): void {
    for (let left = ms; left > 0; left -= this.policy.tickEveryMs)
      this.tick(Math.min(left, this.policy.tickEveryMs));
  }

  profile(profileId = 'p1'): ProfileState {
    const profile = this.state.profiles.get(profileId);
    if (profile === undefined) throw new Error(`no record has spoken of ${profileId}`);
    return profile;
  }

  caseOf(profileId = 'p1'): Case {
    return { state: this.state, profile: this.profile(profileId), policy: this.policy };
  }

  stamp(decision: AuthorityDecision): WardenEvent {
    return { ...decision, epoch: this.state.epoch };
  }

  /** Lets the authority pay everything it owes the profile. */
  payAuthority(profileId = 'p1'): void {
    for (let payments = 0; payments < MAX_PAYMENTS; payments += 1) {
      const owed = owedByAuthority(this.caseOf(profileId));
      if (owed.length === 0) return;
      for (const decision of owed) this.append(this.stamp(decision), profileId);
    }
    throw new Error(`the authority still owes ${profileId} something after ${MAX_PAYMENTS} payments`);
  }

  /** Lets each service pay what it owes the profile, once; true where anything was owed. */
  payOnce(profileId = 'p1'): boolean {
    const before = this.records.length;
    this.payAuthority(profileId);
    const suspicion = owedByDetector(this.caseOf(profileId));
    if (suspicion !== null) this.append(suspicion, profileId);
    for (const target of owedByProjector(this.profile(profileId)))
      this.append(
        { type: 'FenceConfirmed', token: this.profile(profileId).token, target, databaseIncarnation: 'db1' },
        profileId,
      );
    const look = owedByCollector(this.caseOf(profileId));
    if (look !== null) {
      const { token, round, attempt } = look;
      this.append(evidence(this.nextOffset - 1, { token, round, attempt }), profileId);
    }
    const decision = owedByDecider(this.caseOf(profileId));
    if (decision !== null) this.append(decision, profileId);
    return this.records.length > before;
  }

  pay(profileId = 'p1'): void {
    for (let payments = 0; payments < MAX_PAYMENTS; payments += 1) if (!this.payOnce(profileId)) return;
    throw new Error(`something is still owed to ${profileId} after ${MAX_PAYMENTS} payments`);
  }
}
