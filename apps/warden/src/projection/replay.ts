import type { Batch } from '@profile-warden/postgres';
import type { ReplayedPartition } from '@profile-warden/projection';
import type { WardenLog } from '../log/warden-log.ts';

/** Offsets that are folded between two batches; their events lie in memory until then. */
const PIECE_COUNT = 50_000;
/** So near to a read model that moves on, the rest is folded in an instant. */
const NEAR_COUNT = 20_000;
/** Where it moves as fast as the log can be folded, what is left is folded as it comes. */
const ROUNDS_MAX = 20;

export interface Replay {
  readonly log: Pick<WardenLog, 'records'>;
  readonly replay: ReplayedPartition;
  /** Takes what a projector would write, in order. */
  readonly sink: (batch: Batch) => Promise<void> | void;
  /** Told after each piece where the fold stands. */
  readonly onProgress?: (nextOffset: number) => void;
}

/** Folds on to an offset, and hands over the rows of each piece of the way. */
export const replayTo = async ({ log, replay, sink, onProgress }: Replay, to: number): Promise<void> => {
  const { state } = replay;
  while (state.nextOffset < to) {
    const range = { from: state.nextOffset, to: Math.min(to, state.nextOffset + PIECE_COUNT) };
    replay.reached(await log.records(state.partition, range, (record) => void replay.fold(record)));
    await sink(replay.batch());
    onProgress?.(state.nextOffset);
  }
};

/** Folds on until little is left to where a read model stands that may move on meanwhile. */
export const replayNear = async (replay: Replay, standsAt: () => Promise<number>): Promise<void> => {
  for (let round = 0; round < ROUNDS_MAX; round += 1) {
    const to = await standsAt();
    if (round > 0 && to - replay.replay.state.nextOffset < NEAR_COUNT) return;
    await replayTo(replay, to);
  }
};
