import { emptyPartition, foldRecord, type PartitionState } from '@profile-warden/domain';
import { LogReadError } from '@profile-warden/kafka';
import { beat, granted, logOf } from '@profile-warden/testkit/spec';
import { describe, expect, it } from 'vitest';
import { viewPartition } from './partition-view.ts';
import type { WardenLog } from './warden-log.ts';

const { records } = logOf(granted(), beat(), beat());
const range = { start: 4, end: 99 };

/** A log that retention has cut: what lies before offset 4 is gone. */
const cutLog: Pick<WardenLog, 'fold'> = {
  fold(partition, { begin } = {}) {
    const from = begin?.nextOffset ?? 0;
    if (from < range.start)
      return Promise.reject(new LogReadError('log-start-beyond-position', 'the log begins at 4, not at 0'));
    const state = begin ?? emptyPartition(partition);
    for (const record of records) if (record.offset >= from) foldRecord(state, record);
    return Promise.resolve({ state, range, nextOffset: state.nextOffset });
  },
};

const readModel = (state: PartitionState | null) => ({ partition: () => Promise.resolve(state) });

const snapshotAt = (recordCount: number): PartitionState => {
  const state = emptyPartition(0);
  for (const record of records.slice(0, recordCount)) foldRecord(state, record);
  return state;
};

describe('a partition whose log has lost its beginning', () => {
  it('is begun from the snapshot, and its profiles keep their tokens', async () => {
    const state = snapshotAt(4);
    const begunAt = state.nextOffset;
    const view = await viewPartition(cutLog, {
      partition: 0,
      readModel: readModel(state),
      fromSnapshot: false,
    });
    expect(view.begunAt).toBe(begunAt);
    expect(view.state.profiles.get('p1')?.token).toBe(1);
    expect(view.state.nextOffset).toBeGreaterThan(begunAt);
  });

  it('is refused without a read model, or with one that has nothing yet', async () => {
    const options = { partition: 0, fromSnapshot: false };
    await expect(viewPartition(cutLog, { ...options, readModel: null })).rejects.toMatchObject({
      code: 'log-cut',
      exitCode: 1,
    });
    await expect(viewPartition(cutLog, { ...options, readModel: readModel(null) })).rejects.toMatchObject({
      code: 'no-snapshot',
    });
  });

  it('is refused where the log has lost more than the snapshot covers', async () => {
    const options = { partition: 0, fromSnapshot: true, readModel: readModel(snapshotAt(2)) };
    await expect(viewPartition(cutLog, options)).rejects.toThrow('the log begins at 4');
  });
});
