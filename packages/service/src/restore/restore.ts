import type { PartitionState } from '@profile-warden/domain';
import type { Clock, LogRange } from '@profile-warden/events';
import type { Opener } from '../runtime/duty.ts';
import { LogLossError } from '../runtime/error.ts';
import type { OnRuntimeSignal } from '../runtime/signals.ts';
import {
  SnapshotDamagedError,
  type LogProbe,
  type SnapshotSource,
  type StoredSnapshot,
} from './snapshot-source.ts';
import { SnapshotRefusedError, stateOf } from './snapshot-state.ts';

export interface RestoreOptions {
  /** Null: no read model is there to start from, the log is always replayed. */
  readonly source: SnapshotSource | null;
  readonly probe: LogProbe;
  readonly clock: Clock;
  readonly onSignal: OnRuntimeSignal;
  /**
   * Start from a snapshot whose last record retention has removed, although nothing proves it any more. Somebody has to
   * vouch for it. Default false.
   */
  readonly trustsEmptiedLog?: boolean;
  /** Ms a snapshot may take to be read; a replay takes longer, but it ends. Default 20,000. */
  readonly loadMsMax?: number;
}

const LOAD_MS_MAX = 20_000;
const PROGRESS_EVERY_MS = 1_000;

/**
 * Opens partitions as `base` does, and then starts from the snapshot of the read model where there is one that the log
 * bears out. The order matters: by the time a snapshot is read, `base` has fenced the former writer and committed its
 * barrier, so nothing effective can come between. A snapshot may lie past that barrier already; the fold never goes
 * back to it, and the standing of the opening tells by the state's epoch whether a later barrier is in it.
 *
 * A partition that is opened again keeps what it has folded.
 *
 * @throws LogLossError where the state of the partition cannot be had: tokens would be issued a second time.
 */
export const restoring =
  (base: Opener, options: RestoreOptions): Opener =>
  async (partition, range, state, signal) => {
    const opening = await base(partition, range, state, signal);
    if (state.nextOffset > 0) return opening;
    try {
      const restored = await restore(partition, range, options, signal);
      return restored === null ? opening : { ...opening, state: restored };
    } catch (error) {
      await opening.payer.close().catch(() => undefined);
      throw error;
    }
  };

const restore = async (
  partition: number,
  range: LogRange,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<PartitionState | null> => {
  const { clock, onSignal } = options;
  const since = clock.now();
  let why = 'there is no snapshot of it';
  try {
    const state = await verified(partition, range, options, signal);
    if (state !== null) {
      const { nextOffset, profiles } = state;
      const tookMs = clock.now() - since;
      onSignal({ type: 'snapshot-used', partition, nextOffset, profileCount: profiles.size, tookMs });
      return state;
    }
  } catch (error) {
    if (!(error instanceof SnapshotRefusedError)) throw error;
    why = `its snapshot cannot be used: ${error.message}`;
    onSignal({ type: 'snapshot-refused', partition, reason: error.reason, detail: error.message });
  }
  if (range.start > 0)
    throw new LogLossError(
      'log-start-gone',
      `partition ${partition}: the log begins at offset ${range.start}, and ${why}. Tokens would be issued again: ` +
        'give the service the read model (WARDEN_DATABASE_URL) of this topic, or bring back what retention removed.',
    );
  return null;
};

/** Null where none was written. */
const verified = async (
  partition: number,
  range: LogRange,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<PartitionState | null> => {
  const stored = await load(partition, options, signal);
  if (stored === null || stored.nextOffset === 0) return null;
  const state = stateOf(partition, stored);
  const { firstRecordId, lastRecord, nextOffset } = state;
  if (nextOffset < range.start)
    throw new SnapshotRefusedError(
      'behind-log-start',
      `it stands at offset ${nextOffset}, the log begins at ${range.start}`,
    );
  const { probe } = options;
  const advice =
    'The log has lost records or is another one: give the service the read model of this topic, or rebuild that.';
  if (range.start === 0) {
    const first = await probe.recordFrom(partition, 0, signal);
    if (first?.id !== firstRecordId)
      throw new LogLossError(
        'other-log',
        `partition ${partition}: the log begins with record ${String(first?.id)}, the read model was built from one ` +
          `that begins with ${String(firstRecordId)}. ${advice}`,
      );
  }
  const lastOffset = lastRecord?.offset ?? 0;
  // All that it was folded from is gone, and nothing behind it: the log has stood still for longer than it keeps records.
  if (lastOffset < range.start && nextOffset <= range.end) {
    if (options.trustsEmptiedLog === true) return state;
    throw new LogLossError(
      'log-emptied',
      `partition ${partition}: retention has removed every record that the read model was built from, up to offset ` +
        `${lastOffset}; the log begins at ${range.start}. Only where it is certain that both belong together: start ` +
        'once with WARDEN_TRUST_EMPTIED_LOG=on.',
    );
  }
  const last = await probe.recordFrom(partition, lastOffset, signal);
  if (last?.offset !== lastOffset || last.id !== lastRecord?.id)
    throw new LogLossError(
      'records-lost',
      `partition ${partition}: the read model was built up to record ${String(lastRecord?.id)} at offset ` +
        `${lastOffset}, where the log has ${last?.offset === lastOffset ? last.id : 'none'}. ${advice}`,
    );
  return state;
};

const load = async (
  partition: number,
  options: RestoreOptions,
  signal: AbortSignal,
): Promise<StoredSnapshot | null> => {
  const { source, clock, onSignal, loadMsMax = LOAD_MS_MAX } = options;
  if (source === null) return null;
  let toldAt = clock.now();
  const onProgress = (done: number): void => {
    if (clock.now() - toldAt < PROGRESS_EVERY_MS) return;
    toldAt = clock.now();
    onSignal({ type: 'restoring', partition, phase: 'snapshot', done, of: null });
  };
  const ended = new AbortController();
  const late = clock.sleep(loadMsMax, AbortSignal.any([signal, ended.signal])).then(() => {
    throw new Error(`no answer within ${loadMsMax} ms`);
  });
  late.catch(() => undefined);
  try {
    return await Promise.race([source.load(partition, { onProgress, signal: ended.signal }), late]);
  } catch (cause) {
    signal.throwIfAborted();
    const reason = cause instanceof SnapshotDamagedError ? 'damaged' : 'unavailable';
    throw new SnapshotRefusedError(reason, cause instanceof Error ? cause.message : String(cause), { cause });
  } finally {
    ended.abort();
  }
};
