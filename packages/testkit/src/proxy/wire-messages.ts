/** A message of PostgreSQL's protocol; `statement` is the SQL of one that brings any. */
export interface WireMessage {
  /** Empty for the first message of a client, which has none. */
  readonly type: string;
  readonly statement: string | null;
}

const HEADER = 5;

/** Cuts one direction of a connection into its messages, wherever the bytes were cut. Without TLS only. */
export class WireMessages {
  #rest: Buffer = Buffer.alloc(0);
  #isGreeting: boolean;

  constructor(from: 'client' | 'server') {
    this.#isGreeting = from === 'client';
  }

  take(bytes: Buffer): WireMessage[] {
    this.#rest = Buffer.concat([this.#rest, bytes]);
    const messages: WireMessage[] = [];
    for (;;) {
      const typeSize = this.#isGreeting ? 0 : 1;
      if (this.#rest.length < HEADER) return messages;
      const size = typeSize + this.#rest.readInt32BE(typeSize);
      if (this.#rest.length < size) return messages;
      const type = this.#isGreeting ? '' : String.fromCharCode(this.#rest[0] ?? 0);
      messages.push({ type, statement: statementOf(type, this.#rest.subarray(HEADER, size)) });
      this.#rest = this.#rest.subarray(size);
      this.#isGreeting = false;
    }
  }
}

/** A simple query is its text; a parse has the name of what it prepares before it. */
const statementOf = (type: string, body: Buffer): string | null => {
  const [first = '', second = ''] = type === 'Q' || type === 'P' ? body.toString('utf8').split('\0') : [];
  return type === 'Q' ? first : type === 'P' ? second : null;
};
