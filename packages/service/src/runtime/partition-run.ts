import {
  eventId,
  evolve,
  policyFor,
  type Case,
  type Folded,
  type PartitionState,
  type Policy,
  type ProfileState,
} from '@profile-warden/domain';
import { isAuthorityEvent, type Clock, type LogRecord, type NewEvent } from '@profile-warden/events';
import { concerns } from './concern.ts';
import { DeadlineQueue } from './deadline-queue.ts';
import type { Duty, Opening, PartitionView, Work } from './duty.ts';
import { Errands } from './errands.ts';
import { isRefusal, paidSignal } from './payment.ts';
import type { OnRuntimeSignal } from './signals.ts';

const RETRY_MS = 200;
const NOTICES_MAX = 1_000;
/** Stands for the partition where a profile id is expected; no profile id is empty. */
const PARTITION = '';

export interface PartitionRunOptions {
  readonly partition: number;
  readonly opening: Opening;
  readonly duty: Duty;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnRuntimeSignal;
  /** The payer is dead or no longer rightful; the run does nothing more until it is reopened. */
  readonly onLost: (error: unknown) => void;
  /** Whether a failed payment kills the payer (an epoch) or may simply be tried again (an append). */
  readonly failureIsLoss: boolean;
}

/**
 * One partition in the hands of one service.
 *
 * *restoring*: records are folded, nothing is paid → *live* when the opening says so: every profile is looked at once,
 * from then on those that a record or a deadline names → *lost* when a payment under an epoch fails or another barrier
 * is folded; `reopen` leads back to *restoring* → *over* when the signal aborts. Folding goes on in every state but the
 * last. At most one payment is under way; a profile that waits for its own event to come back owes nothing meanwhile.
 */
export class PartitionRun implements PartitionView {
  readonly state: PartitionState;
  readonly #options: PartitionRunOptions;
  #opening: Opening;
  #standing: 'restoring' | 'live' | 'lost' = 'restoring';
  readonly #dirty = new Set<string>();
  readonly #awaiting = new Map<string, number>();
  /** Ids of events that cannot be encoded, by profile, until the profile changes. */
  readonly #refused = new Map<string, Set<string>>();
  readonly #deadlines = new DeadlineQueue();
  readonly #notices: Work[] = [];
  readonly #errands: Errands;
  /** Under which opening a payment is under way; one of a former opening holds up nobody. */
  #paying: Opening | null = null;
  readonly #openedAt: number;

  constructor(options: PartitionRunOptions) {
    this.#options = options;
    this.#opening = options.opening;
    this.state = options.opening.state;
    this.#openedAt = options.clock.now();
    this.#errands = new Errands({
      clock: options.clock,
      signal: options.signal,
      onEvent: (scope, event) => {
        // From here on the profile waits for this event, or it would start the same errand again.
        this.#awaiting.set(scope, Infinity);
        this.#notices.push({ scope, event });
      },
      onSettled: (scope) => this.#mark(scope),
      onFailed: (scope, error) =>
        options.onSignal({ type: 'work-failed', partition: options.partition, profileId: scope, error }),
    });
  }

  get isLive(): boolean {
    return this.#standing === 'live';
  }

  caseOf(profile: ProfileState): Case {
    return {
      state: this.state,
      profile,
      policy: policyFor(this.#options.policy, profile.registration?.labels),
    };
  }

  /** What it opens with may reach the end of the log already: then no record will come to say so. */
  begin(): void {
    this.#updateStanding();
    this.kick();
  }

  /** Folds records in log order, then pays what has become due. Resolves when more may be folded. */
  async fold(records: readonly LogRecord[], nextOffset: number): Promise<void> {
    for (const record of records) {
      // A reader may begin before a snapshot's position: what is folded is never folded again.
      if (record.offset >= this.state.nextOffset) this.#foldOne(record);
    }
    this.state.nextOffset = Math.max(this.state.nextOffset, nextOffset);
    const { duty, onSignal, partition } = this.#options;
    onSignal({
      type: 'folded',
      partition,
      count: records.length,
      logMs: this.state.logMs,
      nextOffset: this.state.nextOffset,
    });
    if (duty.folded !== undefined) await duty.folded(this, records, this.isLive);
    this.#settleAwaited();
    this.#updateStanding();
    this.kick();
  }

  /** Goes on under a new payer; what was under way under the old one is unknown and forgotten. */
  reopen(opening: Opening): void {
    this.#opening = opening;
    this.#awaiting.clear();
    // They name the former epoch; what is still owed will be found again.
    this.#notices.length = 0;
    this.#standing = 'restoring';
    this.begin();
  }

  /** Looks at what is due; does nothing unless the partition is live. */
  kick(): void {
    if (!this.isLive || this.#options.signal.aborted) return;
    for (const key of this.#deadlines.due(this.state.logMs)) this.#dirty.add(key);
    const opening = this.#opening;
    if (this.#paying === opening || (this.#dirty.size === 0 && this.#notices.length === 0)) return;
    this.#paying = opening;
    void this.#payAll(opening).finally(() => {
      if (this.#paying !== opening) return;
      this.#paying = null;
      if (this.#dirty.size > 0 || this.#notices.length > 0) this.kick();
    });
  }

  #foldOne(record: LogRecord): void {
    const folded = evolve(this.state, record);
    if (folded === 'beat') return;
    this.#report(record, folded);
    if (record.profileId === null) this.#markConcerned(record);
    else {
      this.#dirty.add(record.profileId);
      this.#refused.delete(record.profileId);
    }
    if (!this.isLive) return;
    const notices = this.#options.duty.observe?.(this, record, folded) ?? [];
    // Notices are a courtesy: past the bound the oldest debts are worth more than new notices.
    if (this.#notices.length < NOTICES_MAX) this.#notices.push(...notices);
  }

  #report(record: LogRecord, folded: Folded): void {
    if (folded === 'applied' || !this.isLive) return;
    const { event, offset } = record;
    const { partition, onSignal } = this.#options;
    const isOfThisEpoch = 'epoch' in event && event.epoch === this.state.epoch;
    const type = isAuthorityEvent(event.type) && isOfThisEpoch ? 'authority-event-ignored' : 'ignored';
    onSignal({ type, partition, offset, eventType: event.type, reason: folded });
  }

  /** A record about a worker, a host or the whole partition concerns the profiles that hang on it. */
  #markConcerned({ event }: LogRecord): void {
    if (event.type !== 'WorkerStarted' && event.type !== 'HostReported' && event.type !== 'MassSilence')
      return;
    for (const [profileId, profile] of this.state.profiles)
      if (concerns(profile, event)) this.#dirty.add(profileId);
    this.#dirty.add(PARTITION);
  }

  #mark(scope: string): void {
    this.#dirty.add(scope);
    this.kick();
  }

  #settleAwaited(): void {
    for (const [scope, offset] of this.#awaiting) {
      if (offset >= this.state.nextOffset) continue;
      this.#awaiting.delete(scope);
      this.#dirty.add(scope);
    }
  }

  #updateStanding(): void {
    if (this.#standing === 'lost') return;
    const standing = this.#opening.standing(this.state);
    if (standing === this.#standing) return;
    this.#standing = standing;
    if (standing === 'lost') {
      this.#options.onLost(new Error('another authority has taken over'));
      return;
    }
    for (const profileId of this.state.profiles.keys()) this.#dirty.add(profileId);
    this.#options.onSignal({
      type: 'live',
      partition: this.#options.partition,
      nextOffset: this.state.nextOffset,
      restoreMs: this.#options.clock.now() - this.#openedAt,
    });
  }

  async #payAll(opening: Opening): Promise<void> {
    const work = [...this.#notices.splice(0), ...this.#gather()];
    const events: NewEvent[] = [];
    for (const one of work) {
      if ('run' in one) this.#errands.start(one);
      else events.push(this.#newEvent(one.scope, one.event));
    }
    const { eventsMax } = opening.payer;
    const payable = events.filter(({ id, profileId }) => !this.#refused.get(profileId ?? PARTITION)?.has(id));
    // What was decided under a former opening is not paid under the next.
    for (let index = 0; index < payable.length && this.#isLiveUnder(opening); index += eventsMax)
      await this.#pay(opening, payable.slice(index, index + eventsMax));
  }

  #isLiveUnder(opening: Opening): boolean {
    return this.isLive && this.#opening === opening && !this.#options.signal.aborted;
  }

  /** What the marked profiles owe; their next deadlines are set on the way. */
  #gather(): readonly Work[] {
    const profiles: ProfileState[] = [];
    for (const scope of this.#dirty) {
      if (this.#awaiting.has(scope) || this.#errands.isUnderWay(scope)) continue;
      const profile = this.state.profiles.get(scope);
      if (profile !== undefined) profiles.push(profile);
    }
    this.#dirty.clear();
    const work = this.#options.duty.gather(this, profiles);
    for (const profile of profiles)
      this.#deadlines.set(profile.profileId, this.#options.duty.deadline(this.caseOf(profile)));
    return work.filter((one) => !this.#awaiting.has(one.scope ?? PARTITION));
  }

  #newEvent(scope: string | null, event: NewEvent['event']): NewEvent {
    const { partition } = this.#options;
    return { id: eventId(scope ?? partition, event), profileId: scope, partition, event };
  }

  async #pay(opening: Opening, events: readonly NewEvent[]): Promise<void> {
    const { partition, onSignal, signal, clock, failureIsLoss } = this.#options;
    for (const { profileId } of events) this.#awaiting.set(profileId ?? PARTITION, Infinity);
    try {
      const offsets = await opening.payer.pay(events);
      events.forEach((paid, index) => {
        const offset = offsets[index] ?? 0;
        // What was paid under a former opening has been folded before this one went live.
        if (this.#opening === opening) this.#awaiting.set(paid.profileId ?? PARTITION, offset);
        onSignal(paidSignal(partition, paid, offset));
      });
      this.#settleAwaited();
    } catch (error) {
      // Under another opening all that was awaited is forgotten already, and the payer of that one lives.
      if (signal.aborted || this.#opening !== opening) return;
      for (const { profileId } of events) this.#awaiting.delete(profileId ?? PARTITION);
      if (isRefusal(error)) {
        await this.#payApart(opening, events, error);
        return;
      }
      onSignal({ type: 'payment-failed', partition, count: events.length, error });
      if (failureIsLoss) {
        // Another's barrier may have told so already.
        const isNews = this.#standing !== 'lost';
        this.#standing = 'lost';
        if (isNews) this.#options.onLost(error);
        return;
      }
      await clock.sleep(RETRY_MS, signal);
      for (const { profileId } of events) this.#dirty.add(profileId ?? PARTITION);
    }
  }

  /** One of them cannot be encoded. It is set aside until its profile changes; it must not hold up the others. */
  async #payApart(opening: Opening, events: readonly NewEvent[], error: unknown): Promise<void> {
    const { partition, onSignal } = this.#options;
    const [only] = events;
    if (only === undefined) return;
    if (events.length > 1) {
      for (const event of events) if (this.#isLiveUnder(opening)) await this.#pay(opening, [event]);
      return;
    }
    const scope = only.profileId ?? PARTITION;
    this.#refused.set(scope, (this.#refused.get(scope) ?? new Set()).add(only.id));
    onSignal({
      type: 'obligation-unpayable',
      partition,
      profileId: only.profileId,
      eventType: only.event.type,
      error,
    });
  }
}
