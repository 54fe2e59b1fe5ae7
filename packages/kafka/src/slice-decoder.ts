import { EventDecoder, type LogRecord } from '@profile-warden/events';
import type { CommittedSlice } from './committed.ts';
import { LogReadError } from './read-error.ts';
import { recordsOf } from './record-batch.ts';
import type { WriterSchemas } from './writer-schemas.ts';

/** Turns fetched batches into records of the log, waiting where a schema is not known yet. */
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
    { batches, from }: Pick<CommittedSlice, 'batches' | 'from'>,
    signal: AbortSignal,
  ): Promise<readonly LogRecord[]> {
    const records: LogRecord[] = [];
    for (const batch of batches)
      for (const raw of recordsOf(batch, partition, from)) {
        let result = this.#decoder.decode(raw);
        while (result.kind === 'unresolved') {
          await this.#schemas.resolve(result.schemaId, signal);
          if (signal.aborted) return records;
          result = this.#decoder.decode(raw);
        }
        if (result.kind === 'fatal')
          throw new LogReadError(
            'authority-event-undecodable',
            `partition ${partition} at offset ${raw.offset}: ${result.detail}`,
          );
        records.push(result.record);
      }
    return records;
  }
}
