import { EventDecoder, type LogRecord } from '@profile-warden/events';
import type { FetchedMessage } from './kafkajs-internals.ts';
import { LogReadError } from './read-error.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** Turns fetched messages into records of the log, waiting where a schema is not known yet. */
export class SliceDecoder {
  readonly #schemas: WriterSchemas;
  readonly #decoder: EventDecoder;

  constructor(schemas: WriterSchemas) {
    this.#schemas = schemas;
    this.#decoder = new EventDecoder({ writerSchema: (id) => schemas.get(id) });
  }

  /** All of them, or fewer when the signal aborted meanwhile. Rejects where an authority event is unreadable. */
  async decode(
    partition: number,
    messages: readonly FetchedMessage[],
    signal: AbortSignal,
  ): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (let next = 0; ;) {
      const missing = this.#decodeFrom(partition, messages, next, records);
      if (missing === undefined) return records;
      await this.#schemas.resolve(missing, signal);
      if (signal.aborted) return records;
      next = records.length;
    }
  }

  /** Appends one record per message; stops at the first whose schema is missing and returns the id of that. */
  #decodeFrom(
    partition: number,
    messages: readonly FetchedMessage[],
    first: number,
    records: LogRecord[],
  ): number | undefined {
    for (let index = first; index < messages.length; index += 1) {
      const message = messages[index];
      if (message === undefined) break;
      const { key, value, headers } = message;
      const offset = Number(message.offset);
      const brokerMs = Number(message.timestamp);
      const result = this.#decoder.decode({ partition, offset, brokerMs, key, value, headers });
      if (result.kind === 'record') records.push(result.record);
      else if (result.kind === 'unresolved') return result.schemaId;
      else
        throw new LogReadError(
          'authority-event-undecodable',
          `partition ${partition} at offset ${offset}: ${result.detail}`,
        );
    }
    return undefined;
  }
}
