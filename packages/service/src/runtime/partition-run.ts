import {
  FOLD_VERSION,
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
import { FoldVersionError, TakenOverError } from './error.ts';
import { PARTITION, Payments } from './payments.ts';
import type { OnRuntimeSignal } from './signals.ts';

const NOTICES_MAX = 1_000;
const PROGRESS_EVERY_MS = 1_000;
/** How long to wait before the group is asked again whether the partition is ours. */
const UNCONFIRMED_MS = 200;

export interface PartitionRunOptions {
  readonly partition: number;
  readonly opening: Opening;
  /** End of the log when the partition was assigned, to tell how far a restore is. */
  readonly end: number;
  readonly duty: Duty;
  readonly policy: Policy;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnRuntimeSignal;
  /** Whether the partition is certainly ours at this moment. */
  readonly mayAct: () => boolean;
  /** The payer is dead or no longer rightful; the run does nothing more until it is reopened. */
  readonly onLost: (error: unknown) => void;
  /** The duty itself has thrown: a mistake that another try would only repeat. Nothing is paid under this opening any more. */
  readonly onFailed: (error: unknown) => void;
  /** Whether a failed payment kills the payer (an epoch) or may simply be tried again (an append). */
  readonly failureIsLoss: boolean;
}

/**
 * One partition in the hands of one service.
 *
 * *restoring*: records are folded, nothing is paid → *live* when the opening says so: every profile is looked at once,
 * from then on those that a record or a deadline names → *lost* when a payment under an epoch fails or another barrier
 * is folded; `reopen` leads back to *restoring* → *over* when the signal aborts. Folding goes on in every state but the
 * last. At most one payment is under way, and none while the group has not confirmed that the partition is ours.
 */
export class PartitionRun implements PartitionView {
  readonly state: PartitionState;
  readonly #options: PartitionRunOptions;
  #opening: Opening;
  #standing: 'restoring' | 'live' | 'lost' = 'restoring';
  readonly #dirty = new Set<string>();
  readonly #deadlines = new DeadlineQueue();
  readonly #notices: Work[] = [];
  readonly #errands: Errands;
  readonly #payments: Payments;
  /** Under which opening a payment is under way; one of a former opening holds up nobody. */
  #paying: Opening | null = null;
  #openedAt: number;
  #toldAt: number;

  constructor(options: PartitionRunOptions) {
    this.#options = options;
    this.#opening = options.opening;
    this.state = options.opening.state;
    this.#openedAt = options.clock.now();
    this.#toldAt = this.#openedAt;
    this.#payments = new Payments({
      ...options,
      mayPay: (opening) => this.#isLiveUnder(opening) && options.mayAct(),
      isCurrent: (opening) => this.#opening === opening,
      nextOffset: () => this.state.nextOffset,
      onDue: (scope) => this.#dirty.add(scope),
      onRested: (scope) => {
        this.#dirty.add(scope);
        this.kick();
      },
      onLost: (error) => this.#lose(error),
    });
    this.#errands = new Errands({
      clock: options.clock,
      signal: options.signal,
      atOnceMax: options.duty.runsAtOnceMax,
      owedNow: (scope) => this.#owedNow(scope),
      onEvent: (scope, event) => {
        // From here on the profile waits for this event, or it would start the same errand again.
        this.#payments.expect(scope);
        this.#notices.push({ scope, event });
      },
      onSettled: (scope) => {
        this.#dirty.add(scope);
        this.kick();
      },
      onFailed: (scope, error) =>
        options.onSignal({ type: 'work-failed', partition: options.partition, profileId: scope, error }),
    });
  }

  get standing(): 'restoring' | 'live' | 'lost' {
    return this.#standing;
  }

  get isLive(): boolean {
    return this.#standing === 'live';
  }

  /** Restored, and certainly ours at this moment: what everything asks that acts for the partition beside its duty. */
  get mayAct(): boolean {
    return this.isLive && !this.#options.signal.aborted && this.#options.mayAct();
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

  /**
   * Folds records in log order, then pays what has become due. Resolves when more may be folded.
   *
   * @throws FoldVersionError at a barrier of a later release: what lies behind it can only be folded by its rules.
   */
  async fold(records: readonly LogRecord[], nextOffset: number): Promise<void> {
    for (const record of records) {
      // A reader may begin before a snapshot's position: what is folded is never folded again.
      if (record.offset >= this.state.nextOffset) this.#foldOne(record);
    }
    this.state.nextOffset = Math.max(this.state.nextOffset, nextOffset);
    const { duty, onSignal, partition, signal } = this.#options;
    const { logMs } = this.state;
    onSignal({ type: 'folded', partition, count: records.length, logMs, nextOffset: this.state.nextOffset });
    if (duty.folded !== undefined) await duty.folded(this, records, this.isLive);
    // Revoked meanwhile: who has heard that must not hear of the partition again.
    if (signal.aborted) return;
    this.#payments.settle();
    this.#updateStanding();
    this.#tellProgress();
    this.kick();
  }

  /** Goes on under a new payer; what was under way under the old one is unknown and forgotten. */
  reopen(opening: Opening): void {
    this.#opening = opening;
    this.#payments.forget();
    // They name the former epoch; what is still owed will be found again.
    this.#notices.length = 0;
    this.#standing = 'restoring';
    this.#openedAt = this.#options.clock.now();
    this.begin();
  }

  /** Looks at what is due; does nothing unless the partition is live. */
  kick(): void {
    if (!this.isLive || this.#options.signal.aborted) return;
    for (const key of this.#deadlines.due(this.state.logMs)) this.#dirty.add(key);
    const opening = this.#opening;
    if (this.#paying === opening || (this.#dirty.size === 0 && this.#notices.length === 0)) return;
    this.#paying = opening;
    this.#payAll(opening).then(
      () => {
        if (this.#paying !== opening) return;
        this.#paying = null;
        if (this.#dirty.size > 0 || this.#notices.length > 0) this.kick();
      },
      (error: unknown) => this.#options.onFailed(error),
    );
  }

  #foldOne(record: LogRecord): void {
    const { event } = record;
    if (event.type === 'AuthorityEpochStarted' && event.foldVersion > FOLD_VERSION)
      throw new FoldVersionError(this.#options.partition, record.offset, event.foldVersion);
    const folded = evolve(this.state, record);
    if (folded === 'beat') return;
    this.#report(record, folded);
    if (folded === 'applied') this.#payments.applied(record.profileId ?? PARTITION);
    else this.#payments.ignored(record.profileId ?? PARTITION, record.id);
    if (record.profileId === null) this.#markConcerned(record);
    else {
      this.#dirty.add(record.profileId);
      this.#payments.changed(record.profileId);
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

  #updateStanding(): void {
    if (this.#standing === 'lost') return;
    const standing = this.#opening.standing(this.state);
    if (standing === this.#standing) return;
    if (standing === 'lost') {
      this.#lose(new TakenOverError(this.#options.partition));
      return;
    }
    this.#standing = standing;
    for (const profileId of this.state.profiles.keys()) this.#dirty.add(profileId);
    const { partition, onSignal, clock } = this.#options;
    const { nextOffset } = this.state;
    onSignal({ type: 'caught-up', partition, nextOffset, restoreMs: clock.now() - this.#openedAt });
  }

  /** A barrier and a failed payment may tell of the same loss: it counts once. */
  #lose(error: unknown): void {
    const isNews = this.#standing !== 'lost';
    this.#standing = 'lost';
    if (isNews) this.#options.onLost(error);
  }

  #tellProgress(): void {
    const { clock, onSignal, partition, end } = this.#options;
    if (this.#standing !== 'restoring' || clock.now() - this.#toldAt < PROGRESS_EVERY_MS) return;
    this.#toldAt = clock.now();
    onSignal({ type: 'restoring', partition, phase: 'log', done: this.state.nextOffset, of: end });
  }

  async #payAll(opening: Opening): Promise<void> {
    const { clock, mayAct, onSignal, partition, signal } = this.#options;
    if (!mayAct()) {
      onSignal({ type: 'unconfirmed', partition });
      await clock.sleep(UNCONFIRMED_MS, signal);
      return;
    }
    const events: NewEvent[] = [];
    for (const one of [...this.#notices.splice(0), ...this.#gather()]) {
      if ('run' in one) this.#errands.start(one);
      else events.push(this.#newEvent(one.scope, one.event));
    }
    await this.#payments.payAll(opening, events);
  }

  #isLiveUnder(opening: Opening): boolean {
    return this.isLive && this.#opening === opening && !this.#options.signal.aborted;
  }

  /** What the marked profiles owe; their next deadlines are set on the way. */
  #gather(): readonly Work[] {
    const profiles: ProfileState[] = [];
    for (const scope of this.#dirty) {
      if (this.#payments.isAwaited(scope) || this.#errands.isUnderWay(scope)) continue;
      const profile = this.state.profiles.get(scope);
      if (profile !== undefined) profiles.push(profile);
    }
    this.#dirty.clear();
    const work = this.#options.duty.gather(this, profiles);
    for (const profile of profiles)
      this.#deadlines.set(profile.profileId, this.#options.duty.deadline(this.caseOf(profile)));
    return work.filter((one) => !this.#payments.isAwaited(one.scope ?? PARTITION));
  }

  /** Nothing while it is not live: whatever is owed is found again when it is. */
  #owedNow(scope: string): readonly Work[] {
    const profile = this.state.profiles.get(scope);
    return this.isLive && profile !== undefined ? this.#options.duty.gather(this, [profile]) : [];
  }

  #newEvent(scope: string | null, event: NewEvent['event']): NewEvent {
    const { partition } = this.#options;
    return { id: eventId(scope ?? partition, event), profileId: scope, partition, event };
  }
}
