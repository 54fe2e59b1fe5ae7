/** For the specs beside this file: batches as the library writes them, which shares nothing with how they are read. */
import { createRequire } from 'node:module';

const load = createRequire(import.meta.url);

interface Encoder {
  readonly buffer: Buffer;
}

const { RecordBatch } = load('kafkajs/src/protocol/recordBatch/v0/index.js') as {
  RecordBatch: (options: object) => Promise<Encoder>;
};
const Record = load('kafkajs/src/protocol/recordBatch/record/v0/index.js') as (record: object) => Encoder;
const decodeAsLibrary = load('kafkajs/src/protocol/requests/fetch/v4/decodeMessages.js') as (
  decoder: object,
) => Promise<readonly LibraryMessage[]>;
const Decoder = load('kafkajs/src/protocol/decoder.js') as new (bytes: Buffer) => object;

export interface LibraryMessage {
  readonly offset: string;
  readonly timestamp: string;
  readonly key: Buffer | null;
  readonly value: Buffer | null;
  readonly headers: Readonly<Record<string, Buffer | readonly Buffer[]>>;
  readonly isControlRecord: boolean;
  readonly batchContext: { readonly producerId: string; readonly inTransaction: boolean };
}

export interface WrittenRecord {
  readonly offsetDelta: number;
  readonly timestampDelta?: number;
  readonly key?: Buffer | null;
  readonly value?: Buffer | null;
  readonly headers?: Readonly<Record<string, Buffer | readonly Buffer[]>>;
}

export interface WrittenBatch {
  readonly firstOffset: number;
  readonly firstMs?: number;
  readonly maxMs?: number;
  readonly producerId?: number;
  readonly isTransactional?: boolean;
  readonly isControl?: boolean;
  readonly hasAppendTime?: boolean;
  readonly isGzipped?: boolean;
  readonly records: readonly WrittenRecord[];
}

const ATTRIBUTES_AT = 21;

export const writeBatch = async (batch: WrittenBatch): Promise<Buffer> => {
  const { buffer } = await RecordBatch({
    compression: batch.isGzipped === true ? 1 : 0,
    firstOffset: batch.firstOffset,
    firstTimestamp: batch.firstMs ?? 0,
    maxTimestamp: batch.maxMs ?? 0,
    lastOffsetDelta: batch.records.at(-1)?.offsetDelta ?? 0,
    transactional: batch.isTransactional ?? false,
    producerId: batch.producerId ?? -1,
    records: batch.records.map((one) => Record({ key: null, value: null, ...one })),
  });
  // These two are set by brokers only, and the library writes neither.
  const broker = (batch.hasAppendTime === true ? 0x08 : 0) | (batch.isControl === true ? 0x20 : 0);
  buffer.writeInt16BE(buffer.readInt16BE(ATTRIBUTES_AT) | broker, ATTRIBUTES_AT);
  return buffer;
};

/** What the library itself reads from fetched bytes. */
export const readAsLibrary = (fetched: Buffer): Promise<readonly LibraryMessage[]> => {
  const length = Buffer.alloc(4);
  length.writeInt32BE(fetched.length);
  return decodeAsLibrary(new Decoder(Buffer.concat([length, fetched])));
};
