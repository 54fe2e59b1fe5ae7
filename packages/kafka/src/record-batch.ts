import type { RawHeaders, RawRecord } from '@profile-warden/events';
import { unpackerOf } from './kafkajs-internals.ts';
import { LogReadError } from './read-error.ts';

/** Records that were written by one send of one producer, and stand or fall together. */
export interface RecordBatch {
  readonly firstOffset: number;
  readonly lastOffset: number;
  readonly producerId: bigint;
  readonly isTransactional: boolean;
  /** It holds no records but the marker that ends a transaction. */
  readonly isControl: boolean;
  /** Epoch ms that record times are counted from. */
  readonly firstMs: number;
  /** The broker's time of appending, which is then that of every record; null: they have their producer's. */
  readonly appendedMs: number | null;
  readonly count: number;
  /** The records, unpacked, one after the other. */
  readonly bytes: Buffer;
}

/**
 * What is read of records, and by whom: the library's own reading makes big integers, objects and copies for each
 * record, none of which is needed here, and takes twice as long as all that follows it. Layout of a batch, with the
 * offsets of its fields: https://kafka.apache.org/documentation/#recordbatch.
 */
const LENGTH_AT = 8;
const LENGTH_COUNTS_FROM = 12;
const MAGIC_AT = 16;
const ATTRIBUTES_AT = 21;
const LAST_DELTA_AT = 23;
const FIRST_MS_AT = 27;
const MAX_MS_AT = 35;
const PRODUCER_AT = 43;
const COUNT_AT = 57;
const RECORDS_AT = 61;

const MAGIC = 2;
const APPEND_TIME = 0x08;
const TRANSACTIONAL = 0x10;
const CONTROL = 0x20;

const unreadable = (detail: string): LogReadError => new LogReadError('batch-unreadable', detail);

export const int64At = (bytes: Buffer, at: number): number => {
  const value = bytes.readInt32BE(at) * 2 ** 32 + bytes.readUInt32BE(at + 4);
  if (!Number.isSafeInteger(value))
    throw new RangeError(`offset ${bytes.readBigInt64BE(at)} is not a safe integer`);
  return value;
};

/** The whole batches in fetched bytes; a fetch may cut the last one short. */
export const readBatches = async (fetched: Buffer): Promise<RecordBatch[]> => {
  const batches: RecordBatch[] = [];
  for (let at = 0; at + RECORDS_AT <= fetched.length;) {
    const end = at + LENGTH_COUNTS_FROM + fetched.readInt32BE(at + LENGTH_AT);
    if (end > fetched.length) break;
    if (end < at + RECORDS_AT) throw unreadable('a batch of records is shorter than its head');
    batches.push(await readBatch(fetched.subarray(at, end)));
    at = end;
  }
  return batches;
};

const readBatch = async (bytes: Buffer): Promise<RecordBatch> => {
  const magic = bytes[MAGIC_AT];
  if (magic !== MAGIC) throw unreadable(`batches of records have format ${String(magic)}, not ${MAGIC}`);
  const attributes = bytes.readInt16BE(ATTRIBUTES_AT);
  const firstOffset = int64At(bytes, 0);
  const packed = bytes.subarray(RECORDS_AT);
  const unpacker = unpackerOf(attributes);
  return {
    firstOffset,
    lastOffset: firstOffset + bytes.readInt32BE(LAST_DELTA_AT),
    producerId: bytes.readBigInt64BE(PRODUCER_AT),
    isTransactional: (attributes & TRANSACTIONAL) !== 0,
    isControl: (attributes & CONTROL) !== 0,
    firstMs: int64At(bytes, FIRST_MS_AT),
    appendedMs: (attributes & APPEND_TIME) === 0 ? null : int64At(bytes, MAX_MS_AT),
    count: bytes.readInt32BE(COUNT_AT),
    bytes: unpacker === null ? packed : await unpacker.decompress(packed),
  };
};

/** Reads what batches and records are made of; every read stays within the bytes. */
class Cursor {
  readonly bytes: Buffer;
  at = 0;

  constructor(bytes: Buffer) {
    this.bytes = bytes;
  }

  byte(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw unreadable('a record is cut short');
    this.at += 1;
    return byte;
  }

  /** A zigzag number of up to 53 bits. */
  varint(): number {
    let byte = this.byte();
    if (byte < 0x80) return (byte >>> 1) ^ -(byte & 1);
    let value = 0;
    let weight = 1;
    for (; byte >= 0x80; byte = this.byte(), weight *= 128) {
      if (weight > 2 ** 56) throw unreadable('a number in a record does not end');
      value += (byte & 0x7f) * weight;
    }
    value += byte * weight;
    return value % 2 === 0 ? value / 2 : -(value + 1) / 2;
  }

  /** Bytes behind their length, as a view; null where there are none. */
  block(): Buffer | null {
    const length = this.varint();
    if (length < 0) return null;
    const from = this.at;
    this.skip(length);
    return this.bytes.subarray(from, this.at);
  }

  skip(length: number): void {
    if (length < 0 || this.at + length > this.bytes.length) throw unreadable('a record is cut short');
    this.at += length;
  }
}

/** The records of a batch from an offset on; the headers are those that say what a record is. */
export const recordsOf = (batch: RecordBatch, partition: number, from: number): RawRecord[] => {
  const cursor = new Cursor(batch.bytes);
  const records: RawRecord[] = [];
  for (let index = 0; index < batch.count; index += 1) {
    const length = cursor.varint();
    const end = cursor.at + length;
    if (length < 1 || end > batch.bytes.length) throw unreadable('a record has a length that cannot be');
    // Attributes of single records are not in use.
    cursor.skip(1);
    const passedMs = cursor.varint();
    const offset = batch.firstOffset + cursor.varint();
    if (offset < from) {
      cursor.at = end;
      continue;
    }
    const key = cursor.block();
    const value = cursor.block();
    const headers = headersOf(cursor);
    if (cursor.at !== end) throw unreadable(`the record at offset ${offset} is not as long as it says`);
    const brokerMs = batch.appendedMs ?? batch.firstMs + passedMs;
    records.push({ partition, offset, brokerMs, key, value, headers });
  }
  return records;
};

const CE_ID = Buffer.from('ce_id');
const CE_TYPE = Buffer.from('ce_type');

/** Of the headers only those that the decoder looks at; of several with the same name the first. */
const headersOf = (cursor: Cursor): RawHeaders => {
  let id: Buffer | undefined;
  let type: Buffer | undefined;
  for (let left = cursor.varint(); left > 0; left -= 1) {
    const length = cursor.varint();
    const from = cursor.at;
    cursor.skip(length);
    if (id === undefined && isAt(CE_ID, cursor.bytes, from, length)) id = cursor.block() ?? undefined;
    else if (type === undefined && isAt(CE_TYPE, cursor.bytes, from, length))
      type = cursor.block() ?? undefined;
    else cursor.skip(Math.max(0, cursor.varint()));
  }
  return { ce_id: id, ce_type: type };
};

const isAt = (name: Buffer, bytes: Buffer, from: number, length: number): boolean => {
  if (length !== name.length) return false;
  for (let index = 0; index < length; index += 1) if (bytes[from + index] !== name[index]) return false;
  return true;
};

const ABORT = 0;

/** Whether a control batch ends its transaction by an abort: the second int16 of the key of its only record. */
export const isAbortMarker = (batch: RecordBatch): boolean => {
  const [marker] = recordsOf(batch, 0, 0);
  const key = marker?.key ?? null;
  return key !== null && key.length >= 4 && key.readInt16BE(2) === ABORT;
};
