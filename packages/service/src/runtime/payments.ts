import { CodecError, type Clock, type NewEvent } from '@profile-warden/events';
import type { Opening } from './duty.ts';
import type { OnRuntimeSignal, RuntimeSignal } from './signals.ts';

const RETRY_MS = 200;
/** Longest pause before an event is paid once more that the fold keeps ignoring. */
const IGNORED_RETRY_MS_MAX = 10_000;
/** Stands for the partition where a profile id is expected; no profile id is empty. */
export const PARTITION = '';

export interface PaymentsOptions {
  readonly partition: number;
  readonly clock: Clock;
  readonly signal: AbortSignal;
  readonly onSignal: OnRuntimeSignal;
  /** Whether this opening is the one that is live, and the partition certainly ours. */
  readonly mayPay: (opening: Opening) => boolean;
  /** Whether nothing has been opened after this one. */
  readonly isCurrent: (opening: Opening) => boolean;
  readonly nextOffset: () => number;
  /** The profile (or the partition) may owe something again. */
  readonly onDue: (scope: string) => void;
  /** As `onDue`, at a moment at which nobody looks by himself. */
  readonly onRested: (scope: string) => void;
  /** A payment failed that takes the right to pay with it. */
  readonly onLost: (error: unknown) => void;
  readonly failureIsLoss: boolean;
}

interface Ignored {
  readonly id: string;
  /** In a row. */
  readonly count: number;
}

/**
 * What is paid for one partition, one payment at a time, and who waits for it: a profile whose event is on its way owes
 * nothing until that event has been folded. An event that cannot be encoded is parked until its profile changes. One
 * that the fold ignores once and again is a mistake of ours or of another release: its profile rests before it is paid
 * a third time, twice as long each time, or the log would fill with it; a change of the profile ends the rest.
 */
export class Payments {
  readonly #options: PaymentsOptions;
  readonly #awaited = new Map<string, number>();
  readonly #parked = new Map<string, Set<string>>();
  /** What was paid last, by scope. */
  readonly #paid = new Map<string, ReadonlySet<string>>();
  readonly #ignored = new Map<string, Ignored>();
  readonly #resting = new Map<string, Ignored>();

  constructor(options: PaymentsOptions) {
    this.#options = options;
  }

  isAwaited(scope: string): boolean {
    return this.#awaited.has(scope) || this.#resting.has(scope);
  }

  /** From now on the profile waits, for an event that is not sent yet. */
  expect(scope: string): void {
    this.#awaited.set(scope, Infinity);
  }

  /** The profile has changed: what it owes may be another obligation now. */
  changed(profileId: string): void {
    this.#parked.delete(profileId);
  }

  /** Its event has taken effect, or somebody else's. */
  applied(scope: string): void {
    this.#paid.delete(scope);
    this.#ignored.delete(scope);
    if (this.#resting.delete(scope)) this.#options.onDue(scope);
  }

  /** The fold ignored a record about it. */
  ignored(scope: string, id: string): void {
    if (this.#paid.get(scope)?.has(id) !== true) return;
    const before = this.#ignored.get(scope);
    const ignored: Ignored = { id, count: before?.id === id ? before.count + 1 : 1 };
    this.#ignored.set(scope, ignored);
    if (ignored.count < 2 || this.#resting.has(scope)) return;
    this.#resting.set(scope, ignored);
    void this.#rest(scope, ignored);
  }

  async #rest(scope: string, ignored: Ignored): Promise<void> {
    const { clock, signal, onRested } = this.#options;
    await clock.sleep(Math.min(RETRY_MS * 2 ** (ignored.count - 2), IGNORED_RETRY_MS_MAX), signal);
    if (this.#resting.get(scope) !== ignored) return;
    this.#resting.delete(scope);
    onRested(scope);
  }

  /** Ends the wait of everybody whose event has been folded by now. */
  settle(): void {
    const nextOffset = this.#options.nextOffset();
    for (const [scope, offset] of this.#awaited) {
      if (offset >= nextOffset) continue;
      this.#awaited.delete(scope);
      this.#options.onDue(scope);
    }
  }

  /** What was on its way under a former opening is unknown; the log will tell. */
  forget(): void {
    this.#awaited.clear();
    this.#paid.clear();
    this.#ignored.clear();
    this.#resting.clear();
  }

  async payAll(opening: Opening, events: readonly NewEvent[]): Promise<void> {
    const { eventsMax } = opening.payer;
    const payable: NewEvent[] = [];
    for (const event of events)
      if (this.#isParked(event)) this.#expectNothing(event.profileId ?? PARTITION);
      else payable.push(event);
    for (let index = 0; index < payable.length; index += eventsMax) {
      // What was decided under a former opening is not paid under the next, and what is unpaid is found again.
      if (!this.#options.mayPay(opening)) {
        for (const { profileId } of payable.slice(index)) this.#options.onDue(profileId ?? PARTITION);
        return;
      }
      await this.#pay(opening, payable.slice(index, index + eventsMax));
    }
  }

  #isParked({ id, profileId }: NewEvent): boolean {
    return this.#parked.get(profileId ?? PARTITION)?.has(id) === true;
  }

  /** An event that was expected (`expect`) is not sent. One that is on its way is still waited for. */
  #expectNothing(scope: string): void {
    if (this.#awaited.get(scope) === Infinity) this.#awaited.delete(scope);
  }

  async #pay(opening: Opening, events: readonly NewEvent[]): Promise<void> {
    const { partition, onSignal, isCurrent } = this.#options;
    for (const [scope, paid] of Map.groupBy(events, ({ profileId }) => profileId ?? PARTITION)) {
      this.expect(scope);
      this.#paid.set(scope, new Set(paid.map(({ id }) => id)));
    }
    try {
      const offsets = await opening.payer.pay(events);
      events.forEach((paid, index) => {
        const offset = offsets[index] ?? 0;
        // What was paid under a former opening has been folded before this one went live.
        if (isCurrent(opening)) this.#awaited.set(paid.profileId ?? PARTITION, offset);
        onSignal(decidedSignal(partition, paid, offset));
      });
      this.settle();
    } catch (error) {
      await this.#failed(opening, events, error);
    }
  }

  async #failed(opening: Opening, events: readonly NewEvent[], error: unknown): Promise<void> {
    const { partition, onSignal, signal, clock, failureIsLoss, isCurrent, onLost, onDue } = this.#options;
    // Under another opening all that was awaited is forgotten already, and the payer of that one lives.
    if (signal.aborted || !isCurrent(opening)) return;
    for (const { profileId } of events) this.#awaited.delete(profileId ?? PARTITION);
    if (isRefusal(error)) {
      await this.#payApart(opening, events, error);
      return;
    }
    onSignal({ type: 'payment-failed', partition, count: events.length, error });
    if (failureIsLoss) {
      onLost(error);
      return;
    }
    await clock.sleep(RETRY_MS, signal);
    for (const { profileId } of events) onDue(profileId ?? PARTITION);
  }

  /** One of them cannot be encoded. It is set aside until its profile changes; it must not hold up the others. */
  async #payApart(opening: Opening, events: readonly NewEvent[], error: unknown): Promise<void> {
    const { partition, onSignal, mayPay, onDue } = this.#options;
    const [only] = events;
    if (only === undefined) return;
    if (events.length > 1) {
      for (const event of events)
        if (mayPay(opening)) await this.#pay(opening, [event]);
        else onDue(event.profileId ?? PARTITION);
      return;
    }
    const { id, profileId, event } = only;
    const scope = profileId ?? PARTITION;
    this.#parked.set(scope, (this.#parked.get(scope) ?? new Set()).add(id));
    onSignal({ type: 'parked', partition, profileId, eventType: event.type, error });
  }
}

/** The event itself was refused, before anything was sent. */
const isRefusal = (error: unknown): boolean =>
  error instanceof CodecError || (error instanceof Error && error.cause instanceof CodecError);

const decidedSignal = (partition: number, { profileId, event }: NewEvent, offset: number): RuntimeSignal => {
  const token = 'token' in event ? event.token : null;
  return { type: 'decided', partition, profileId, eventType: event.type, token, offset };
};
