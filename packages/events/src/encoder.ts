import type { EventType } from './catalogue.ts';
import type { NewEvent } from './record.ts';

/** Who writes, and under which schema ids the registry knows our events. */
export interface EventWriter {
  readonly schemaIds: ReadonlyMap<EventType, number>;
  /** `ce_source`: the service or worker instance. */
  readonly source: string;
  /** W3C trace context, where tracing is on. */
  readonly traceparent?: string;
}

/** A record as a Kafka client takes it. */
export interface EncodedRecord {
  readonly key: Buffer | null;
  readonly value: Buffer;
  readonly headers: Record<string, string>;
  /** Set where the key is null. */
  readonly partition?: number;
}

export function encodeEvent(_event: NewEvent, _writer: EventWriter): EncodedRecord {
  throw new Error('not yet');
}
