import { int64At, readBatches, type RecordBatch } from './record-batch.ts';

export interface FetchedPartition {
  readonly partition: number;
  readonly errorCode: number;
  readonly highWatermark: number;
  readonly lastStableOffset: number;
  readonly abortedTransactions: readonly AbortedTransaction[];
  readonly batches: readonly RecordBatch[];
}

export interface AbortedTransaction {
  readonly producerId: bigint;
  readonly firstOffset: number;
}

export interface FetchResponse {
  /** Of the request as a whole. */
  readonly errorCode: number;
  /** Ms to wait before the next request, by order of the broker. */
  readonly clientSideThrottleTime: number;
  readonly responses: readonly {
    readonly topicName: string;
    readonly partitions: readonly FetchedPartition[];
  }[];
}

/** Version of Fetch that is spoken and read here; brokers know it since Kafka 2.3. */
export const FETCH_VERSION = 11;

/** Reads an answer to Fetch: https://kafka.apache.org/protocol#The_Messages_Fetch. */
export const decodeFetch = async (answer: Buffer): Promise<FetchResponse> => {
  const reader = new Reader(answer);
  const clientSideThrottleTime = reader.int32();
  const errorCode = reader.int16();
  // The session, of which no use is made.
  reader.int32();
  const responses = [];
  for (let topics = reader.int32(); topics > 0; topics -= 1) {
    const topicName = reader.text();
    const partitions: FetchedPartition[] = [];
    for (let left = reader.int32(); left > 0; left -= 1) partitions.push(await reader.partition());
    responses.push({ topicName, partitions });
  }
  return { errorCode, clientSideThrottleTime, responses };
};

class Reader {
  readonly #bytes: Buffer;
  #at = 0;

  constructor(bytes: Buffer) {
    this.#bytes = bytes;
  }

  int16(): number {
    return this.#bytes.readInt16BE(this.#pass(2));
  }

  int32(): number {
    return this.#bytes.readInt32BE(this.#pass(4));
  }

  int64(): number {
    return int64At(this.#bytes, this.#pass(8));
  }

  text(): string {
    return this.#block(this.int16()).toString('utf8');
  }

  async partition(): Promise<FetchedPartition> {
    const partition = this.int32();
    const errorCode = this.int16();
    const highWatermark = this.int64();
    const lastStableOffset = this.int64();
    // First offset of the log.
    this.int64();
    const abortedTransactions: AbortedTransaction[] = [];
    for (let left = this.int32(); left > 0; left -= 1) {
      const producerId = this.#bytes.readBigInt64BE(this.#pass(8));
      abortedTransactions.push({ producerId, firstOffset: this.int64() });
    }
    // A replica to read from rather.
    this.int32();
    const batches = await readBatches(this.#block(this.int32()));
    return { partition, errorCode, highWatermark, lastStableOffset, abortedTransactions, batches };
  }

  /** Lengths below 0 stand for nothing at all. */
  #block(length: number): Buffer {
    const from = this.#pass(Math.max(0, length));
    return this.#bytes.subarray(from, this.#at);
  }

  #pass(length: number): number {
    const from = this.#at;
    this.#at += length;
    return from;
  }
}
