import {
  FOLD_VERSION,
  fromSnapshot,
  type PartitionSnapshot,
  type PartitionState,
  type ProfileState,
} from '@profile-warden/domain';
import type { StoredSnapshot } from './snapshot-source.ts';

/**
 * Why a snapshot is not used and the log is replayed.
 *
 * - `unavailable`: the database cannot be asked, or not in time.
 * - `damaged`: what is stored is not what was written.
 * - `fold-version`: folded by rules that this release does not go on from.
 * - `malformed`: it does not hold what the fold needs, or contradicts itself.
 * - `behind-log-start`: the log begins behind it, so records between are in neither.
 */
export type RefusalReason = 'unavailable' | 'damaged' | 'fold-version' | 'malformed' | 'behind-log-start';

export class SnapshotRefusedError extends Error {
  override readonly name = 'SnapshotRefusedError';
  readonly reason: RefusalReason;

  constructor(reason: RefusalReason, detail: string, options?: ErrorOptions) {
    super(detail, options);
    this.reason = reason;
  }
}

type Fields = Readonly<Record<string, unknown>>;

/**
 * The state to fold on from. Its hash has proven that it is what a projector wrote; what is looked at here is whether it
 * is of this partition, of this fold version and in one piece.
 *
 * @throws SnapshotRefusedError
 */
export const stateOf = (partition: number, stored: StoredSnapshot): PartitionState => {
  const { foldVersion, nextOffset, profiles, state } = stored;
  if (foldVersion !== FOLD_VERSION)
    throw new SnapshotRefusedError(
      'fold-version',
      `it was folded by version ${foldVersion}, this release folds by version ${FOLD_VERSION}`,
    );
  const flaw = isObject(state) ? flawOf(partition, nextOffset, state) : 'its state is no object';
  if (flaw !== null) throw new SnapshotRefusedError('malformed', flaw);
  const nameless = profiles.findIndex((one) => !isObject(one) || typeof one['profileId'] !== 'string');
  if (nameless >= 0) throw new SnapshotRefusedError('malformed', `profile ${nameless} of it has no id`);
  try {
    return fromSnapshot(state as PartitionSnapshot, profiles as readonly ProfileState[]);
  } catch (cause) {
    throw new SnapshotRefusedError('malformed', `its state cannot be read: ${String(cause)}`, { cause });
  }
};

const flawOf = (partition: number, nextOffset: number, state: Fields): string | null => {
  const { lastRecord } = state;
  if (state['partition'] !== partition) return `it is of partition ${String(state['partition'])}`;
  if (state['foldVersion'] !== FOLD_VERSION) return `its state is of version ${String(state['foldVersion'])}`;
  if (state['nextOffset'] !== nextOffset)
    return `its state stands at offset ${String(state['nextOffset'])}, its position at ${nextOffset}`;
  if (nextOffset > 0 && (typeof state['firstRecordId'] !== 'string' || !isObject(lastRecord)))
    return 'it does not say which records it was folded from';
  if (isObject(lastRecord) && !(Number(lastRecord['offset']) < nextOffset))
    return `its last record lies at offset ${String(lastRecord['offset'])}, behind its position`;
  return null;
};

const isObject = (value: unknown): value is Fields =>
  value !== null && typeof value === 'object' && !Array.isArray(value);
