import { emptyPartition, evolve, type Folded, type PartitionState } from '@profile-warden/domain';
import { isAuthorityEvent, isKeylessEvent, isReportEvent } from '@profile-warden/events';
import type { LogRecord, RecordBody } from '@profile-warden/events';
import { Ledger, Violation } from './ledger.ts';
import { Reader } from './reader.ts';
import { Random } from './random.ts';
import { WALK_POLICY } from './walk-policy.ts';

export const PROFILES = ['p1', 'p2', 'p3'] as const;

export interface Pending {
  readonly event: RecordBody;
  readonly profileId: string;
}

/** Most sends that may be on their way at once. */
const MAX_LATE = 24;

/** The log, the true time and what is really running: everything the services can only guess at. */
export class World {
  readonly records: LogRecord[] = [];
  readonly state: PartitionState = emptyPartition(0);
  readonly ledger = new Ledger(WALK_POLICY.suspectAfterMs);
  /** How often each event had an effect, each rule decided and so on: tells whether a walk got anywhere. */
  readonly seen = new Map<string, number>();
  /** Sends of services that were paused between deciding and sending. */
  readonly late: Pending[] = [];
  /** True time, in ms. */
  nowMs = 0;
  /** What the broker's clock is wrong by. */
  skewMs = 0;
  #lastJumpMs = -Infinity;
  random = new Random(0);
  /** Whether Kafka keeps a deposed authority's records out of the log; the fold must hold without. */
  isKafkaFenced = true;

  reader(): Reader {
    return new Reader(this.records);
  }

  append({ event, profileId }: Pending, decidedOn: number | null = null): LogRecord {
    const isKeyed = event.type === 'undecodable' || event.type === 'foreign' || !isKeylessEvent(event.type);
    const gap = isAuthorityEvent(event.type) ? 1 : 0;
    const record: LogRecord = {
      partition: 0,
      offset: this.state.nextOffset + gap,
      brokerMs: 1_000_000 + this.nowMs + this.skewMs,
      profileId: isKeyed ? profileId : null,
      id: `id-${this.records.length}`,
      event,
    };
    const before = this.state.profiles.get(profileId);
    this.records.push(record);
    const folded = evolve(this.state, record);
    this.#note(record, folded);
    this.ledger.enter(record, folded, this.state, decidedOn);
    const after = this.state.profiles.get(profileId);
    if (isReportEvent(event.type) && before !== undefined && before.stage.kind !== after?.stage.kind)
      throw new Violation('I7', `${event.type} at ${record.offset} moved the profile`);
    if (isReportEvent(event.type) && 'token' in event && event.token !== (before?.token ?? 0))
      if (before?.stage !== after?.stage || before?.token !== after?.token)
        throw new Violation('I7', `${event.type} of token ${event.token} changed the lifecycle`);
    return record;
  }

  /** A plain send: at once, late, or twice. */
  send(pending: Pending): void {
    if (this.random.chance(0.2) && this.late.length < MAX_LATE) {
      this.late.push(pending);
      return;
    }
    this.append(pending);
    if (this.random.chance(0.05)) this.append(pending);
  }

  sendLate(): void {
    const [pending] = this.late.splice(this.random.whole(this.late.length), 1);
    if (pending !== undefined) this.append(pending);
  }

  /** The broker's clock jumps; forward not more than once in a lease, which is what the margin is made for. */
  jumpClock(): void {
    if (this.random.chance(0.5)) this.skewMs -= this.random.between(1, 200);
    else if (this.nowMs - this.#lastJumpMs > WALK_POLICY.leaseMs) {
      this.skewMs += this.random.between(1, 200);
      this.#lastJumpMs = this.nowMs;
    }
  }

  count(what: string): void {
    this.seen.set(what, (this.seen.get(what) ?? 0) + 1);
  }

  #note({ event }: LogRecord, folded: Folded): void {
    if (folded !== 'applied' && folded !== 'beat') {
      this.count(`ignored ${folded}`);
      return;
    }
    this.count(event.type);
    if (event.type === 'Decided') this.count(`rule ${event.rule}`);
    else if (event.type === 'Quarantined') this.count(`cause ${event.cause}`);
    else if (event.type === 'LeaseDenied') this.count(`denied ${event.reason}`);
    else if (event.type === 'LeaseGranted') this.count(`granted ${event.intent}`);
    else if (event.type === 'ReviewResolved') this.count(`review ${event.outcome}`);
  }
}
