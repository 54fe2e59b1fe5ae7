/** For tests: a registry that knows today's schemas, and records as the Kafka client hands them out. */
import { EVENT_TYPES, schemaOf } from './catalogue.ts';
import { EventDecoder } from './decoder.ts';
import type { DecodeResult, RawRecord } from './decoder.ts';
import { encodeEvent } from './encoder.ts';
import type { EncodedRecord, EventWriter } from './encoder.ts';
import type { NewEvent, RecordBody } from './record.ts';
import type { AvroSchema } from './schema.ts';

export const schemaIds = new Map(EVENT_TYPES.map((type, index) => [type, index + 1]));
export const writer: EventWriter = { schemaIds, source: 'test' };

const todays = new Map(EVENT_TYPES.map((type) => [schemaIds.get(type) ?? 0, schemaOf(type)]));

/** Knows today's schemas and the extra ones, which come first. */
export const decoderOf = (extra: ReadonlyMap<number, AvroSchema> = new Map()): EventDecoder =>
  new EventDecoder({ writerSchema: (id) => extra.get(id) ?? todays.get(id) });

export const asRead = (
  encoded: Omit<EncodedRecord, 'partition'>,
  changes: Partial<RawRecord> = {},
): RawRecord => ({
  partition: 3,
  offset: 42,
  brokerMs: 1_700_000_000_000,
  key: encoded.key,
  value: encoded.value,
  headers: Object.fromEntries(
    Object.entries(encoded.headers).map(([name, text]) => [name, Buffer.from(text)]),
  ),
  ...changes,
});

export const written = (event: NewEvent, changes: Partial<RawRecord> = {}): RawRecord =>
  asRead(encodeEvent(event, writer), changes);

export function bodyOf(result: DecodeResult): RecordBody {
  if (result.kind !== 'record') throw new Error(`expected a record, got ${result.kind}`);
  return result.record.event;
}

export const heartbeat: NewEvent = {
  id: 'h-1',
  profileId: 'shop-7',
  event: { type: 'Heartbeat', token: 5, incarnation: 'a1', seq: 9, browser: 'reachable', loopLagMs: 3 },
};

export const granted: NewEvent = {
  id: 'g-1',
  profileId: 'shop-7',
  event: {
    type: 'LeaseGranted',
    epoch: 12,
    token: 6,
    requestId: 'a1-1',
    holder: { workerId: 'w1', incarnation: 'a1', hostId: 'h1', taskId: 't1' },
    intent: 'resume',
    leaseMs: 120_000,
    maxRuntimeMs: 1_800_000,
    resumeFrom: {
      checkpoint: { name: 'cart', stored: 'server' },
      stepsSince: [{ stepId: 's1', name: 'read', kind: 'await-human', repeatable: true }],
    },
  },
};

export const tick: NewEvent = {
  id: 't-1',
  profileId: null,
  partition: 3,
  event: { type: 'ClockTicked', intervalMs: 1000, epoch: -1 },
};
