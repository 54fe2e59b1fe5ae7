import { FOLD_VERSION } from '@profile-warden/domain';
import type { EpochWriter } from '@profile-warden/events';
import type { Opener } from '@profile-warden/service';

/** Decisions in one transaction: enough to be cheap, few enough to stay far below a second. */
const DECISIONS_PER_TRANSACTION_MAX = 500;

/**
 * Takes a partition over before anything is read: the barrier fences every former writer, and once it is folded all
 * that they committed has been folded too. Only then is the partition live.
 */
export const epochOpener = (writer: EpochWriter, instanceId: string): Opener => {
  let count = 0;
  return async (partition, _range, state, signal) => {
    const barrier = {
      id: `AuthorityEpochStarted/${partition}/${instanceId}/${count}`,
      profileId: null,
      partition,
      event: { type: 'AuthorityEpochStarted', foldVersion: FOLD_VERSION, instanceId },
    } as const;
    count += 1;
    const epoch = await writer.takeOver(partition, barrier, signal);
    return {
      state,
      payer: {
        pay: (events) => epoch.commit(events),
        eventsMax: DECISIONS_PER_TRANSACTION_MAX,
        close: () => epoch.close(),
      },
      standing: (folded) =>
        folded.epoch < epoch.epoch ? 'restoring' : folded.epoch === epoch.epoch ? 'live' : 'lost',
    };
  };
};
