/** What happens in a service, as data: logs and metrics are made from it. Bounded label values only. */
export interface RuntimeSignals {
  /** The group has given us the partition; `end` is the end of its log at that moment. */
  readonly assigned: { readonly partition: number; readonly end: number };
  readonly revoked: { readonly partition: number };
  /** Still on the way, at most once a second: profiles of a snapshot read, or offsets of the log folded, of how many. */
  readonly restoring: {
    readonly partition: number;
    readonly phase: 'snapshot' | 'log';
    readonly done: number;
    /** Unknown while a snapshot is read. */
    readonly of: number | null;
  };
  readonly 'snapshot-used': {
    readonly partition: number;
    readonly nextOffset: number;
    readonly profileCount: number;
    readonly tookMs: number;
  };
  /** The log is replayed instead, or the service stops where it no longer begins at 0. */
  readonly 'snapshot-refused': {
    readonly partition: number;
    readonly reason: string;
    readonly detail: string;
  };
  /** Restored: from now on debts are paid. */
  readonly 'caught-up': {
    readonly partition: number;
    readonly nextOffset: number;
    readonly restoreMs: number;
  };
  /** Another has taken the partition over. */
  readonly fenced: { readonly partition: number; readonly error: unknown };
  /** The right to pay is gone for a reason that only the log can tell. */
  readonly lost: { readonly partition: number; readonly error: unknown };
  /** A partition could not be opened; it is tried again. */
  readonly 'opening-failed': { readonly partition: number; readonly error: unknown };
  readonly folded: {
    readonly partition: number;
    readonly count: number;
    readonly logMs: number;
    readonly nextOffset: number;
  };
  readonly ignored: IgnoredRecord;
  /** Never in order: a decision of the current epoch that the fold ignored. */
  readonly 'authority-event-ignored': IgnoredRecord;
  /** What was owed is in the log. */
  readonly decided: {
    readonly partition: number;
    readonly profileId: string | null;
    readonly eventType: string;
    readonly token: number | null;
    readonly offset: number;
  };
  readonly 'payment-failed': {
    readonly partition: number;
    readonly count: number;
    readonly error: unknown;
  };
  readonly 'work-failed': {
    readonly partition: number;
    readonly profileId: string;
    readonly error: unknown;
  };
  /** An obligation that cannot be encoded is set aside until its profile changes. */
  readonly parked: {
    readonly partition: number;
    readonly profileId: string | null;
    readonly eventType: string;
    readonly error: unknown;
  };
  /** The group has not confirmed us for a session: nothing is paid before it does. */
  readonly unconfirmed: { readonly partition: number };
  readonly 'schema-awaited': { readonly schemaId: number; readonly detail: string };
  readonly 'schema-known': { readonly schemaId: number };
  readonly 'brokers-unreachable': { readonly detail: string };
  /** For longer than an election takes; nothing can be read of it or paid for it, and the others go on. */
  readonly 'partition-leaderless': { readonly partition: number };
  readonly 'partition-led': { readonly partition: number };
}

interface IgnoredRecord {
  readonly partition: number;
  readonly offset: number;
  readonly eventType: string;
  readonly reason: string;
}

export type SignalType = keyof RuntimeSignals;

type Tagged<K extends SignalType> = { readonly type: K } & RuntimeSignals[K];

export type RuntimeSignal = { [K in SignalType]: Tagged<K> }[SignalType];

export type OnRuntimeSignal = (signal: RuntimeSignal) => void;

/** One function for each signal that somebody wants to hear of. */
export type SignalHandlers = { readonly [K in SignalType]?: (about: RuntimeSignals[K]) => void };

/** Hands each signal to whoever has subscribed to its type. Listeners have no say in what happens. */
export class SignalHub {
  readonly #subscribers: SignalHandlers[] = [];

  subscribe(handlers: SignalHandlers): void {
    this.#subscribers.push(handlers);
  }

  readonly emit: OnRuntimeSignal = (signal) => {
    for (const handlers of this.#subscribers) {
      const handler = handlers[signal.type] as ((about: RuntimeSignal) => void) | undefined;
      try {
        handler?.(signal);
      } catch {
        // A line or a figure less; the fold goes on.
      }
    }
  };
}
