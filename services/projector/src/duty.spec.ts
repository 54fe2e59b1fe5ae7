import { emptyPartition } from '@profile-warden/domain';
import type { PartitionView } from '@profile-warden/service';
import { describe, expect, it } from 'vitest';
import { projectorDuty } from './duty.ts';
import type { FenceKeeper } from './fence/fence-keeper.ts';
import type { Projections } from './read-model/projections.ts';

/** The duty, and which partitions its one target was told to follow. */
const watched = () => {
  const opened: number[] = [];
  const keeper = {
    target: 'accounts',
    open: ({ partition }: { partition: number }) => void opened.push(partition),
    changed: () => undefined,
    close: () => undefined,
  } as unknown as FenceKeeper;
  const projections = {
    changes: () => ({ touched: new Set(), moves: new Map() }),
    take: () => Promise.resolve(),
    close: () => undefined,
  } as unknown as Projections;
  const duty = projectorDuty({ projections, keepers: [keeper], onSignal: () => undefined });
  const view = { state: emptyPartition(3) } as unknown as PartitionView;
  return { duty, view, opened };
};

describe('the duty of the projector', () => {
  it('lets the targets follow a live partition that has no profile: they are confirmed by all partitions', async () => {
    const { duty, view, opened } = watched();
    await duty.folded?.(view, [], false);
    expect(opened).toEqual([]);
    await duty.folded?.(view, [], true);
    await duty.folded?.(view, [], true);
    expect(opened).toEqual([3]);
  });

  it('lets them follow it again when it comes back', async () => {
    const { duty, view, opened } = watched();
    await duty.folded?.(view, [], true);
    duty.closed?.(3);
    expect(duty.gather(view, [])).toEqual([]);
    expect(opened).toEqual([3, 3]);
  });
});
