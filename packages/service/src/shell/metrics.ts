import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { RuntimeSignals, SignalHandlers } from '../runtime/signals.ts';
import { Lag } from './lag.ts';

/** Every signal that tells of a failure, by its name. */
const FAILURES = [
  'payment-failed',
  'work-failed',
  'parked',
  'fenced',
  'lost',
  'opening-failed',
  'snapshot-refused',
  'unconfirmed',
  'schema-awaited',
  'brokers-unreachable',
  'partition-leaderless',
] as const satisfies readonly (keyof RuntimeSignals)[];

/** The metrics of a service, made from its signals. Labels are bounded: partition, event type, reason. */
export class RuntimeMetrics {
  readonly registry = new Registry();
  readonly #lag = new Lag();
  /** End of the log by partition, as far as the brokers have told. */
  #ends: () => ReadonlyMap<number, number> = () => new Map();
  readonly #folded = this.#counter('warden_records_folded_total', 'Records folded.', ['partition']);
  readonly #ignored = this.#counter(
    'warden_records_ignored_total',
    'Records that changed nothing, by reason.',
    ['event_type', 'reason'],
  );
  readonly #alarms = this.#counter(
    'warden_authority_events_ignored_total',
    'Events of the current epoch that the fold ignored: never in order, look at once.',
    ['event_type', 'reason'],
  );
  readonly #decided = this.#counter(
    'warden_events_appended_total',
    'Events appended because they were owed.',
    ['event_type'],
  );
  readonly #failed = this.#counter('warden_failures_total', 'What failed and is tried again, by kind.', [
    'kind',
  ]);
  readonly #position = this.#gauge('warden_position', 'Next offset to be folded.');
  readonly #logTime = this.#gauge(
    'warden_log_time_ms',
    'Log time of the partition; one that stands still is an alarm.',
  );
  readonly #live = this.#gauge(
    'warden_partition_live',
    '1 when the partition is restored and its debts are paid.',
  );

  constructor(service: string) {
    this.registry.setDefaultLabels({ service });
    collectDefaultMetrics({ register: this.registry });
    const lagOf = (): Iterable<readonly [number, number]> =>
      [...this.#ends()].map(([partition, end]) => [partition, this.#lag.of(partition, end)]);
    new Gauge({
      name: 'warden_lag_events',
      help: 'Records that wait to be folded; transaction markers do not count.',
      labelNames: ['partition'],
      registers: [this.registry],
      collect() {
        this.reset();
        for (const [partition, count] of lagOf()) this.set({ partition: String(partition) }, count);
      },
    });
  }

  /** Where the ends of the log are to be asked for, whenever somebody looks at the metrics. */
  watchEnds(ends: () => ReadonlyMap<number, number>): void {
    this.#ends = ends;
  }

  readonly handlers: SignalHandlers = {
    ...Object.fromEntries(FAILURES.map((kind) => [kind, () => this.#failed.inc({ kind })])),
    folded: (about) => {
      const partition = String(about.partition);
      this.#lag.folded(about);
      this.#folded.inc({ partition }, about.count);
      this.#position.set({ partition }, about.nextOffset);
      this.#logTime.set({ partition }, about.logMs);
    },
    'snapshot-used': ({ partition, nextOffset }) => {
      this.#lag.opened(partition, nextOffset);
      this.#position.set({ partition: String(partition) }, nextOffset);
    },
    assigned: ({ partition }) => this.#live.set({ partition: String(partition) }, 0),
    revoked: ({ partition }) => {
      this.#lag.revoked(partition);
      this.#live.set({ partition: String(partition) }, 0);
    },
    'caught-up': ({ partition }) => this.#live.set({ partition: String(partition) }, 1),
    ignored: ({ eventType, reason }) => this.#ignored.inc({ event_type: eventType, reason }),
    'authority-event-ignored': ({ eventType, reason }) => this.#alarms.inc({ event_type: eventType, reason }),
    decided: ({ eventType }) => this.#decided.inc({ event_type: eventType }),
  };

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge<'partition'> {
    return new Gauge({ name, help, labelNames: ['partition'], registers: [this.registry] });
  }
}
