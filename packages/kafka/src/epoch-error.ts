import { detailOf } from './signal.ts';

export type EpochLostReason =
  /** A later takeover holds the partition, or the coordinator ended our transaction: the two look the same. */
  'fenced' | 'unknown';

/** The right to decide is gone. Whether the events of the call are in the log only the log can tell. */
export class EpochLostError extends Error {
  readonly reason: EpochLostReason;
  readonly partition: number;

  constructor(reason: EpochLostReason, partition: number, detail: string, options?: ErrorOptions) {
    super(`partition ${partition}: epoch lost (${reason}): ${detail}`, options);
    this.name = 'EpochLostError';
    this.reason = reason;
    this.partition = partition;
  }
}

const FENCED = new Set([
  'INVALID_PRODUCER_EPOCH',
  'PRODUCER_FENCED',
  'INVALID_PRODUCER_ID_MAPPING',
  'UNKNOWN_PRODUCER_ID',
  'INVALID_TXN_STATE',
  'OUT_OF_ORDER_SEQUENCE_NUMBER',
]);
const CAUSES_MAX = 5;

/** Only for people and counters: every error of a transaction is handled alike, whatever its code. */
export function epochLost(partition: number, error: unknown): EpochLostError {
  if (error instanceof EpochLostError) return error;
  let reason: EpochLostReason = 'unknown';
  for (
    let cause = error, depth = 0;
    cause instanceof Error && depth < CAUSES_MAX;
    cause = cause.cause, depth += 1
  )
    if (FENCED.has((cause as { type?: string }).type ?? '')) reason = 'fenced';
  return new EpochLostError(reason, partition, detailOf(error), { cause: error });
}
