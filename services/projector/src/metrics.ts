import { Counter, Gauge, type Registry } from 'prom-client';
import type { OnProjectorSignal } from './signals.ts';

type Label = 'partition' | 'target';

const GAUGES = {
  warden_read_model_position: ['partition', 'Next offset the read model has not seen.'],
  warden_read_model_outrun: [
    'partition',
    '1 while the read model is left behind; it is read from the log again.',
  ],
  warden_fence_target_up: ['target', '1 while the fence target can be used.'],
  warden_fence_pending: ['target', 'Fence rows that are still to be set.'],
  warden_fence_waiting: ['target', 'Connections that wait for a writer to end.'],
} as const satisfies Record<string, readonly [Label, string]>;

const COUNTERS = {
  warden_read_model_profiles_total: ['partition', 'Profile rows written.'],
  warden_read_model_events_total: ['partition', 'Events archived.'],
  warden_read_model_failures_total: [
    'partition',
    'Batches and attempts to catch up that failed and were tried again.',
  ],
  warden_fence_set_total: ['target', 'Fence rows set.'],
  warden_fence_blocked_total: ['target', 'Times a writer was named that keeps a fence down.'],
  warden_fence_refused_total: ['target', 'Rows the target refuses: look at once.'],
  warden_fence_target_changed_total: ['target', 'Restores and promotions of the target.'],
  warden_fence_target_unknown_total: ['target', 'Quarantines naming a target not configured.'],
  warden_fence_target_unawaited_total: ['target', 'Quarantines that do not wait for a target served here.'],
} as const satisfies Record<string, readonly [Label, string]>;

/** The projector's own metrics, beside those every service has. Labels are bounded: partition, target. */
export const projectorMetrics = (registry: Registry): OnProjectorSignal => {
  const gauges = made(GAUGES, (name, label, help) => {
    const gauge = new Gauge({ name, help, labelNames: [label], registers: [registry] });
    return (of: string | number, value: number) => gauge.set({ [label]: String(of) }, value);
  });
  const counters = made(COUNTERS, (name, label, help) => {
    const counter = new Counter({ name, help, labelNames: [label], registers: [registry] });
    return (of: string | number, count = 1) => counter.inc({ [label]: String(of) }, count);
  });
  return (signal) => {
    switch (signal.type) {
      case 'written':
        gauges.warden_read_model_position(signal.partition, signal.nextOffset);
        counters.warden_read_model_profiles_total(signal.partition, signal.profileCount);
        counters.warden_read_model_events_total(signal.partition, signal.eventCount);
        return;
      case 'outrun':
        gauges.warden_read_model_outrun(signal.partition, 1);
        return;
      case 'read-again':
      case 'read-model-left':
        gauges.warden_read_model_outrun(signal.partition, 0);
        return;
      case 'write-failed':
      case 'read-again-failed':
        counters.warden_read_model_failures_total(signal.partition);
        return;
      case 'fences-set':
        gauges.warden_fence_pending(signal.target, signal.pendingCount);
        gauges.warden_fence_waiting(signal.target, signal.waitingCount);
        counters.warden_fence_set_total(signal.target, signal.count);
        return;
      case 'target-up':
        gauges.warden_fence_target_up(signal.target, 1);
        return;
      case 'target-down':
        gauges.warden_fence_target_up(signal.target, 0);
        gauges.warden_fence_pending(signal.target, signal.pendingCount);
        return;
      case 'target-changed':
        counters.warden_fence_target_changed_total(signal.target);
        return;
      case 'target-unknown':
        counters.warden_fence_target_unknown_total(signal.target);
        return;
      case 'target-unawaited':
        counters.warden_fence_target_unawaited_total(signal.target);
        return;
      case 'fence-blocked':
        counters.warden_fence_blocked_total(signal.target);
        return;
      case 'fence-refused':
        counters.warden_fence_refused_total(signal.target);
        return;
      case 'fence-freed':
      case 'read-model-awaited':
      case 'target-listed':
      case 'target-state-unwritten':
    }
  };
};

/** One tool per name of the table. */
const made = <K extends string, T>(
  table: Readonly<Record<K, readonly [Label, string]>>,
  make: (name: K, label: Label, help: string) => T,
): Readonly<Record<K, T>> =>
  Object.fromEntries(
    (Object.entries(table) as [K, readonly [Label, string]][]).map(([name, [label, help]]) => [
      name,
      make(name, label, help),
    ]),
  ) as Record<K, T>;
