import { connect, type Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { apiNameOf, type ApiName } from './api-key.ts';
import { correlationIdOf, Frames, requestHead } from './frames.ts';
import type { Rule } from './rule.ts';

export interface Address {
  readonly host: string;
  readonly port: number;
}

interface Asked {
  readonly api: ApiName | null;
  readonly clientId: string | null;
}

type Way = 'request' | 'response';

/**
 * One client's connection, passed on to the broker frame by frame. *Open* → *closed* when either side closes, or by
 * `cut`: nothing of it goes on after that, not even what was held.
 */
export class ProxiedConnection {
  readonly #client: Socket;
  readonly #broker: Socket;
  readonly #rules: () => readonly Rule[];
  readonly #asked = new Map<number, Asked>();
  /** What is on its way in each direction, in order. */
  readonly #turns: Record<Way, Promise<void>> = { request: Promise.resolve(), response: Promise.resolve() };
  #isCut = false;

  constructor(client: Socket, broker: Address, rules: () => readonly Rule[], onClosed: () => void) {
    this.#client = client;
    this.#broker = connect({ ...broker, noDelay: true });
    this.#rules = rules;
    client.setNoDelay(true);
    this.#pass(client, this.#broker, 'request');
    this.#pass(this.#broker, client, 'response');
    for (const side of [client, this.#broker]) {
      // The end of either side is told by its close.
      side.on('error', () => undefined);
      side.once('close', () => {
        this.cut();
        onClosed();
      });
    }
  }

  /** Ends both sides at once, as a network does that goes away with a reset. */
  cut(): void {
    this.#isCut = true;
    this.#client.destroy();
    this.#broker.destroy();
  }

  #pass(from: Socket, to: Socket, way: Way): void {
    const frames = new Frames();
    from.on('data', (chunk: Buffer) => {
      try {
        for (const frame of frames.take(chunk)) this.#queue(frame, to, way);
      } catch {
        this.cut();
      }
    });
  }

  #queue(frame: Buffer, to: Socket, way: Way): void {
    const asked = way === 'request' ? this.#note(frame) : this.#answered(frame);
    this.#turns[way] = this.#turns[way].then(() => this.#forward(frame, to, way, asked));
  }

  async #forward(frame: Buffer, to: Socket, way: Way, { api, clientId }: Asked): Promise<void> {
    if (this.#isCut) return;
    const rule = this.#rules().find((one) => one.meets(way, api, clientId, frame));
    switch (rule?.options.fate.kind) {
      case 'drop':
        return;
      case 'cut':
        this.cut();
        return;
      case 'hold':
        await rule.untilLifted();
        break;
      case 'delay':
        await Promise.race([sleep(rule.options.fate.ms), rule.untilLifted()]);
        break;
      case undefined:
        break;
    }
    if (!to.destroyed) to.write(frame);
  }

  #note(frame: Buffer): Asked {
    const { apiKey, correlationId, clientId } = requestHead(frame);
    const asked = { api: apiNameOf(apiKey), clientId };
    this.#asked.set(correlationId, asked);
    return asked;
  }

  #answered(frame: Buffer): Asked {
    const correlationId = correlationIdOf(frame);
    const asked = this.#asked.get(correlationId) ?? { api: null, clientId: null };
    this.#asked.delete(correlationId);
    return asked;
  }
}
