import type { LogRecord } from './record.ts';
import type { AvroSchema } from './schema.ts';

/** A record as a Kafka client hands it out. */
export interface RawRecord {
  readonly partition: number;
  readonly offset: number;
  /** Append time by the broker, epoch ms. */
  readonly brokerMs: number;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: RawHeaders;
}

export type RawHeaders = Readonly<Record<string, HeaderValue | readonly HeaderValue[] | undefined>>;
export type HeaderValue = Buffer | string;

export type DecodeResult =
  | { readonly kind: 'record'; readonly record: LogRecord }
  /** The writer's schema is not known yet: fetch it from the registry and decode again. Never skip the record. */
  | { readonly kind: 'unresolved'; readonly schemaId: number }
  /** An authority event that cannot be read: going on could issue a token twice. */
  | { readonly kind: 'fatal'; readonly detail: string };

export class EventDecoder {
  constructor(options: { writerSchema(id: number): AvroSchema | undefined }) {
    void options;
  }

  decode(_raw: RawRecord): DecodeResult {
    throw new Error('not yet');
  }
}
