import { type FoldedRecord, type PartitionState } from '@profile-warden/domain';
import { LogReadError } from '@profile-warden/kafka';
import { failed } from '../failure.ts';
import type { ReadModel } from '../read-model/read-model.ts';
import type { PartitionFold, WardenLog } from './warden-log.ts';

export interface PartitionViewOptions {
  readonly partition: number;
  readonly readModel: Pick<ReadModel, 'partition'> | null;
  /** Begin from the verified snapshot, where a log is too long to be folded whole. */
  readonly fromSnapshot: boolean;
  readonly onFolded?: (step: FoldedRecord) => void;
}

export interface PartitionView extends PartitionFold {
  /** Offset from which the log was folded; what lies before came from the snapshot. */
  readonly begunAt: number;
}

/**
 * A partition as the log has it now. The whole log is folded; a snapshot is taken only where it is asked for, or where
 * the log has forgotten its beginning, since a fold without its beginning would hand out old tokens for new.
 */
export const viewPartition = async (
  log: Pick<WardenLog, 'fold'>,
  options: PartitionViewOptions,
): Promise<PartitionView> => {
  const { partition, readModel, fromSnapshot, onFolded } = options;
  const observe = onFolded === undefined ? {} : { onFolded };
  if (!fromSnapshot)
    try {
      return { ...(await log.fold(partition, observe)), begunAt: 0 };
    } catch (error) {
      if (!isCut(error)) throw error;
      if (readModel === null)
        throw failed(
          'log-cut',
          `partition ${partition}: ${error.message}. Its state needs the snapshot of the read model: give --database-url.`,
          error,
        );
    }
  const begin = await snapshotOf(partition, readModel);
  const begunAt = begin.nextOffset;
  return { ...(await log.fold(partition, { begin, ...observe })), begunAt };
};

const isCut = (error: unknown): error is LogReadError =>
  error instanceof LogReadError && error.code === 'log-start-beyond-position';

const snapshotOf = async (
  partition: number,
  readModel: PartitionViewOptions['readModel'],
): Promise<PartitionState> => {
  if (readModel === null)
    throw failed('no-snapshot', 'a snapshot is kept by the read model: give --database-url');
  const state = await readModel.partition(partition);
  if (state === null)
    throw failed('no-snapshot', `partition ${partition}: nothing was projected yet, there is no snapshot`);
  return state;
};
