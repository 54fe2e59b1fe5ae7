import type { KafkaSignal } from '@profile-warden/kafka';
import type { OnRuntimeSignal, RuntimeSignal } from '../runtime/signals.ts';

/** What the log's client has to tell and the runtime does not see by itself. */
export const fromKafka =
  (emit: OnRuntimeSignal) =>
  (signal: KafkaSignal): void => {
    const told = runtimeSignalOf(signal);
    if (told !== null) emit(told);
  };

const runtimeSignalOf = (signal: KafkaSignal): RuntimeSignal | null => {
  switch (signal.type) {
    case 'schema-unresolved':
      return { type: 'schema-awaited', schemaId: signal.schemaId, detail: signal.detail };
    case 'schema-resolved':
      return { type: 'schema-known', schemaId: signal.schemaId };
    case 'fetch-failed':
      return { type: 'brokers-unreachable', detail: signal.detail };
    case 'partition-leaderless':
    case 'partition-led':
      return signal;
    case 'takeover-retried':
      return { type: 'opening-failed', partition: signal.partition, error: new Error(signal.detail) };
    default:
      return null;
  }
};
