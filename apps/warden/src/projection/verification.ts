import { LogReadError } from '@profile-warden/kafka';
import { ReplayedPartition, archiveRowOf } from '@profile-warden/projection';
import type { ArchiveRow } from '@profile-warden/postgres';
import { failed } from '../failure.ts';
import type { WardenLog } from '../log/warden-log.ts';
import type { ReadModel } from '../read-model/read-model.ts';
import { compareRows, type Comparison } from './comparison.ts';
import { FoldedRows } from './folded-rows.ts';
import { replayNear, replayTo, type Replay } from './replay.ts';

/**
 * - `same`: every row is what the fold of the log comes to at the position it names.
 * - `differs`: one is not; `difference` names the first.
 * - `log-cut`: retention has removed the beginning of the log; there is nothing to fold it from.
 * - `log-shorter`: it stands at an offset that the log has not reached: the log has lost records, or is another one.
 */
export type PartitionVerdict = { readonly partition: number } & (
  | ({ readonly verdict: 'same' | 'differs' } & Comparison)
  | { readonly verdict: 'log-cut' | 'log-shorter'; readonly detail: string }
);

export interface VerificationOptions {
  readonly log: Pick<WardenLog, 'records' | 'range'>;
  readonly readModel: Pick<ReadModel, 'position' | 'rows'>;
  readonly partition: number;
  readonly onProgress: (nextOffset: number) => void;
}

/** Folds a partition to where its read model stands, while that may move on, and compares all of it at one instant. */
export const verifyPartition = async (options: VerificationOptions): Promise<PartitionVerdict> => {
  const { log, readModel, partition, onProgress } = options;
  const { end } = await log.range(partition);
  const { nextOffset } = await readModel.position(partition);
  if (nextOffset > end)
    return {
      partition,
      verdict: 'log-shorter',
      detail: `the read model stands at offset ${nextOffset}, the log ends at ${end}: it has lost records or is another one`,
    };
  const folded = new FoldedRows(new ReplayedPartition(partition));
  const replay: Replay = { log, replay: folded.replay, sink: folded.take, onProgress };
  try {
    await replayNear(replay, async () => (await readModel.position(partition)).nextOffset);
  } catch (error) {
    if (!isCut(error)) throw error;
    return { partition, verdict: 'log-cut', detail: `${error.message}: nothing can be said of its rows` };
  }
  return readModel.rows(partition, async (rows) => {
    const standsAt = rows.position?.nextOffset ?? 0;
    await replayTo(replay, standsAt);
    if (folded.replay.state.nextOffset !== standsAt)
      throw failed(
        'read-model-moved-back',
        `partition ${partition}: the read model went back to offset ${standsAt} while it was read: run it again`,
      );
    const comparison = await compareRows({
      rows,
      folded,
      loggedEvents: (from, to) => loggedEvents(log, partition, { from, to: Math.min(to, standsAt) }),
    });
    return { partition, verdict: comparison.difference === null ? 'same' : 'differs', ...comparison };
  });
};

const isCut = (error: unknown): error is LogReadError =>
  error instanceof LogReadError && error.code === 'log-start-beyond-position';

const loggedEvents = async (
  log: VerificationOptions['log'],
  partition: number,
  range: { readonly from: number; readonly to: number },
): Promise<ArchiveRow[]> => {
  const found: ArchiveRow[] = [];
  await log.records(partition, range, (record) => {
    const row = archiveRowOf(record);
    if (row !== null) found.push(row);
  });
  return found;
};
