const SIZE_BYTES = 4;
/** No frame of the tests is larger; a larger size means that this is not Kafka. */
const FRAME_BYTES_MAX = 128 * 1024 * 1024;

/** Cuts a byte stream into the frames of the Kafka protocol: four bytes of size, then as many bytes. */
export class Frames {
  #chunks: Buffer[] = [];
  #length = 0;

  /** The frames that `chunk` completes, each with its size in front. Throws where the stream is not Kafka's. */
  take(chunk: Buffer): readonly Buffer[] {
    this.#chunks.push(chunk);
    this.#length += chunk.length;
    const frames: Buffer[] = [];
    for (let size = this.#size(); size !== null && this.#length >= size; size = this.#size()) {
      const all = this.#joined();
      frames.push(all.subarray(0, size));
      this.#chunks = [all.subarray(size)];
      this.#length -= size;
    }
    return frames;
  }

  /** Bytes of the frame that is under way, its size included; null as long as that has not arrived. */
  #size(): number | null {
    if (this.#length < SIZE_BYTES) return null;
    const first = this.#chunks[0];
    const head = first !== undefined && first.length >= SIZE_BYTES ? first : this.#joined();
    const size = head.readInt32BE(0);
    if (size < 0 || size > FRAME_BYTES_MAX)
      throw new Error(`not the Kafka protocol: a frame of ${size} bytes`);
    return SIZE_BYTES + size;
  }

  #joined(): Buffer {
    const [first] = this.#chunks;
    if (this.#chunks.length === 1 && first !== undefined) return first;
    const all = Buffer.concat(this.#chunks);
    this.#chunks = [all];
    return all;
  }
}

export interface RequestHead {
  readonly apiKey: number;
  readonly correlationId: number;
  /** Null where the client gives none. */
  readonly clientId: string | null;
}

/** The head of a request frame. Every version that clients of today use has these fields at these places. */
export const requestHead = (frame: Buffer): RequestHead => {
  const length = frame.readInt16BE(12);
  return {
    apiKey: frame.readInt16BE(4),
    correlationId: frame.readInt32BE(8),
    clientId: length < 0 ? null : frame.toString('utf8', 14, 14 + length),
  };
};

export const correlationIdOf = (response: Buffer): number => response.readInt32BE(4);
