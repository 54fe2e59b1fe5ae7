import { owedByProjector, type ProfileState } from '@profile-warden/domain';
import type { Duty, PartitionView, Work } from '@profile-warden/service';
import { changeOf } from './fence/ledger.ts';
import type { FenceKeeper } from './fence/fence-keeper.ts';
import type { Projections } from './read-model/projections.ts';
import type { OnProjectorSignal } from './signals.ts';

export interface ProjectorDutyOptions {
  readonly projections: Projections;
  readonly keepers: readonly FenceKeeper[];
  readonly onSignal: OnProjectorSignal;
}

/** Longest an errand waits for a fence, in ms. A writer may take longer: the errand then gives its place to another. */
const CONFIRM_WAIT_MS = 2_000;

/** Keeps read model and fences in step with the fold, and confirms a fence once writes with its token cannot commit. */
export const projectorDuty = ({ projections, keepers, onSignal }: ProjectorDutyOptions): Duty => {
  const followed = new Set<number>();

  const follow = ({ state }: PartitionView): void => {
    if (followed.has(state.partition)) return;
    followed.add(state.partition);
    for (const keeper of keepers) keeper.open(state);
  };

  const confirmations = (view: PartitionView, profile: ProfileState): readonly Work[] =>
    owedByProjector(profile).flatMap((target) => {
      const keeper = keepers.find((one) => one.target === target);
      const change = changeOf(profile, view.state.partition);
      const { profileId, token, round } = profile;
      if (keeper === undefined || change === null) {
        onSignal({ type: 'target-unknown', target, profileId });
        return [];
      }
      return {
        scope: profileId,
        key: `${target}/${token}/${round}/${profileId}`,
        run: async (signal) => {
          const databaseIncarnation = await keeper.raise(change, CONFIRM_WAIT_MS, signal);
          return databaseIncarnation === null
            ? null
            : { type: 'FenceConfirmed', token, target, databaseIncarnation };
        },
      };
    });

  return {
    gather: (view, profiles) => {
      follow(view);
      return profiles.flatMap((profile) => confirmations(view, profile));
    },
    // What is owed arises from records alone.
    deadline: () => null,
    observe: (_view, { event, profileId }, folded) => {
      if (event.type !== 'Quarantined' || folded !== 'applied' || profileId === null) return [];
      for (const { target } of keepers)
        if (!event.fenceTargets.includes(target)) onSignal({ type: 'target-unawaited', target, profileId });
      return [];
    },
    folded: async (view, records, isLive) => {
      const { partition } = view.state;
      // Not only when a profile is looked at: a target is confirmed by every partition, those without profiles too.
      if (isLive) follow(view);
      const changes = projections.changes(partition);
      // First, and before anything is waited for: a read model that is away must not hold up a fence.
      for (const keeper of keepers) keeper.changed(partition, changes.touched);
      await projections.take(partition, records, changes);
    },
    closed: (partition) => {
      followed.delete(partition);
      for (const keeper of keepers) keeper.close(partition);
      projections.close(partition);
    },
  };
};
