import { Counter, Gauge, type Registry } from 'prom-client';
import type { OnProjectorSignal } from './signals.ts';

/** The projector's own metrics, beside those every service has. Labels are bounded: partition, target. */
export const projectorMetrics = (registry: Registry): OnProjectorSignal => {
  const gauge = (name: string, help: string, label: string): Gauge =>
    new Gauge({ name, help, labelNames: [label], registers: [registry] });
  const counter = (name: string, help: string, label: string): Counter =>
    new Counter({ name, help, labelNames: [label], registers: [registry] });
  const position = gauge(
    'warden_read_model_position',
    'Next offset the read model has not seen.',
    'partition',
  );
  const rows = counter('warden_read_model_profiles_total', 'Profile rows written.', 'partition');
  const events = counter('warden_read_model_events_total', 'Events archived.', 'partition');
  const failures = counter(
    'warden_read_model_failures_total',
    'Batches that failed and were tried again.',
    'partition',
  );
  const up = gauge('warden_fence_target_up', '1 while the fence target can be used.', 'target');
  const pending = gauge('warden_fence_pending', 'Fence rows that are still to be set.', 'target');
  const waiting = gauge('warden_fence_waiting', 'Connections that wait for a writer to end.', 'target');
  const set = counter('warden_fence_set_total', 'Fence rows set.', 'target');
  const blocked = counter(
    'warden_fence_blocked_total',
    'Times a writer was named that keeps a fence down.',
    'target',
  );
  const refused = counter('warden_fence_refused_total', 'Rows the target refuses: look at once.', 'target');
  const changed = counter(
    'warden_fence_target_changed_total',
    'Restores and promotions of the target.',
    'target',
  );
  const unknown = counter(
    'warden_fence_target_unknown_total',
    'Quarantines naming a target not configured.',
    'target',
  );
  return (signal) => {
    switch (signal.type) {
      case 'written': {
        const partition = String(signal.partition);
        position.set({ partition }, signal.nextOffset);
        rows.inc({ partition }, signal.profileCount);
        events.inc({ partition }, signal.eventCount);
        return;
      }
      case 'write-failed':
        failures.inc({ partition: String(signal.partition) });
        return;
      case 'fences-set': {
        const { target } = signal;
        pending.set({ target }, signal.pendingCount);
        waiting.set({ target }, signal.waitingCount);
        set.inc({ target }, signal.count);
        return;
      }
      case 'target-up':
        up.set({ target: signal.target }, 1);
        return;
      case 'target-down':
        up.set({ target: signal.target }, 0);
        return;
      case 'target-changed':
        changed.inc({ target: signal.target });
        return;
      case 'target-unknown':
        unknown.inc({ target: signal.target });
        return;
      case 'fence-blocked':
        blocked.inc({ target: signal.target });
        return;
      case 'fence-refused':
        refused.inc({ target: signal.target });
    }
  };
};
