import { Counter, Gauge, Registry, collectDefaultMetrics } from 'prom-client';
import type { OnRuntimeSignal, RuntimeSignal } from '../runtime/signals.ts';

/** The metrics of a service, made from its signals. Labels are bounded: partition, event type, reason. */
export class RuntimeMetrics {
  readonly registry = new Registry();
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
  readonly #paid = this.#counter('warden_events_appended_total', 'Events appended because they were owed.', [
    'event_type',
  ]);
  readonly #failed = this.#counter('warden_failures_total', 'Payments, errands and takeovers that failed.', [
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
  }

  readonly take: OnRuntimeSignal = (signal) => this.#take(signal);

  #take(signal: RuntimeSignal): void {
    const partition = String(signal.partition);
    switch (signal.type) {
      case 'folded':
        this.#folded.inc({ partition }, signal.count);
        this.#position.set({ partition }, signal.nextOffset);
        this.#logTime.set({ partition }, signal.logMs);
        return;
      case 'live':
        this.#live.set({ partition }, 1);
        return;
      case 'assigned':
      case 'revoked':
        this.#live.set({ partition }, 0);
        return;
      case 'ignored':
        this.#ignored.inc({ event_type: signal.eventType, reason: signal.reason });
        return;
      case 'authority-event-ignored':
        this.#alarms.inc({ event_type: signal.eventType, reason: signal.reason });
        return;
      case 'paid':
        this.#paid.inc({ event_type: signal.eventType });
        return;
      default:
        this.#failed.inc({ kind: signal.type });
    }
  }

  #counter<L extends string>(name: string, help: string, labelNames: L[]): Counter<L> {
    return new Counter({ name, help, labelNames, registers: [this.registry] });
  }

  #gauge(name: string, help: string): Gauge<'partition'> {
    return new Gauge({ name, help, labelNames: ['partition'], registers: [this.registry] });
  }
}
